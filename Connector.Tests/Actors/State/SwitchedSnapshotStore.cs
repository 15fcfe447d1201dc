using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Snapshot;

namespace Connector.Tests.Actors.State;

/// <summary>Beside a <see cref="SwitchedJournal"/>: keeps snapshots in memory, or does not.</summary>
public sealed class SwitchedSnapshotStore : MemorySnapshotStore
{
    private SwitchedJournal.Mode mode = SwitchedJournal.Mode.Keep;

    protected override bool ReceivePluginInternal(object message)
    {
        if (message is not SwitchedJournal.Switch told)
            return base.ReceivePluginInternal(message);
        mode = told.To;
        Sender.Tell(told);
        return true;
    }

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken) => mode switch
    {
        SwitchedJournal.Mode.Keep => base.SaveAsync(metadata, snapshot, cancellationToken),
        SwitchedJournal.Mode.Hang => new TaskCompletionSource().Task,
        _ => Task.FromException(new InvalidOperationException("the test says so")),
    };
}
