using System.Collections.Immutable;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Connector.Tests.Actors.State;

/// <summary>Keeps entries in memory, or does with them what it was told last.</summary>
public sealed class SwitchedJournal : MemoryJournal
{
    private Mode mode = Mode.Keep;

    public enum Mode
    {
        Keep,
        Fail,
        Reject,
        Hang,
    }

    public const string Hocon =
        """
        akka.persistence.journal {
          plugin = "akka.persistence.journal.switched"
          switched {
            class = "Connector.Tests.Actors.State.SwitchedJournal, Connector.Tests"
            plugin-dispatcher = "akka.actor.default-dispatcher"
            circuit-breaker { max-failures = 1000, call-timeout = 60 s, reset-timeout = 1 s }
          }
        }
        akka.persistence.snapshot-store {
          plugin = "akka.persistence.snapshot-store.switched"
          switched {
            class = "Connector.Tests.Actors.State.SwitchedSnapshotStore, Connector.Tests"
            plugin-dispatcher = "akka.actor.default-dispatcher"
            circuit-breaker { max-failures = 1000, call-timeout = 60 s, reset-timeout = 1 s }
          }
        }
        """;

    /// <summary>Answered with the same.</summary>
    public sealed record Switch(Mode To) : INoSerializationVerificationNeeded;

    protected override bool ReceivePluginInternal(object message)
    {
        if (message is not Switch told)
            return base.ReceivePluginInternal(message);
        mode = told.To;
        Sender.Tell(told);
        return true;
    }

    protected override Task<IImmutableList<Exception>> WriteMessagesAsync(IEnumerable<AtomicWrite> messages, CancellationToken cancellationToken)
    {
        var failure = new InvalidOperationException("the test says so");
        return mode switch
        {
            Mode.Fail => Task.FromException<IImmutableList<Exception>>(failure),
            Mode.Reject => Task.FromResult<IImmutableList<Exception>>([.. messages.Select(_ => failure)]),
            Mode.Hang => new TaskCompletionSource<IImmutableList<Exception>>().Task,
            _ => base.WriteMessagesAsync(messages, cancellationToken),
        };
    }
}
