using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Persistence;
using Google.Protobuf;
using static Connector.Actors.State.JournalProtocol;

namespace Connector.Actors.State;

/// <summary>
/// Writes what it is given, and knows nothing of it. Apart from the actor whose state it is, because a persistent actor ends with the first write
/// that fails, and nobody may stop serving for that.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class JournalActor : ReceivePersistentActor, IWithTimers
{
    /// <param name="file">StateFileActor.</param>
    /// <param name="owner">Is told what was written.</param>
    public static Props Props(string persistenceId, IActorRef file, IActorRef owner, TimeSpan deadline)
        => Akka.Actor.Props.Create(() => new JournalActor(persistenceId, file, owner, deadline));

    private const string DeadlineTimer = "deadline";

    private readonly IActorRef file;
    private readonly IActorRef owner;
    private readonly TimeSpan deadline;
    private readonly List<IMessage> entries = [];
    private long entriesSize;
    private IMessage? snapshot;
    private long? snapshotAt;
    private int deletions;
    private bool works;

    public JournalActor(string persistenceId, IActorRef file, IActorRef owner, TimeSpan deadline)
    {
        PersistenceId = persistenceId;
        this.file = file;
        this.owner = owner;
        this.deadline = deadline;
        Recovering();
        Writing();
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    private void Recovering()
    {
        Recover<SnapshotOffer>(offer =>
        {
            snapshot = offer.Snapshot as IMessage ?? throw new InvalidDataException($"the snapshot is a {offer.Snapshot.GetType().Name}");
            snapshotAt = offer.Metadata.SequenceNr;
        });
        Recover<IMessage>(entry =>
        {
            entries.Add(entry);
            entriesSize += entry.CalculateSize();
        });
        Recover<RecoveryCompleted>(_ =>
        {
            file.Tell(new Recovered(snapshot, [.. entries], entriesSize));
            snapshot = null;
            entries.Clear();
            entries.TrimExcess();
        });
        RecoverAny(entry => throw new InvalidDataException($"one of its entries is a {entry.GetType().Name}"));
    }

    private void Writing()
    {
        Command<Append>(m =>
        {
            StartDeadline();

            // Not Persist: it would put the deadline aside until the entry is written.
            PersistAsync(m.Entry, _ => Done());
        });
        Command<Replace>(m =>
        {
            StartDeadline();
            SaveSnapshot(m.Snapshot);
        });
        Command<SaveSnapshotSuccess>(m =>
        {
            var before = snapshotAt;
            var at = m.Metadata.SequenceNr;
            snapshotAt = at;

            // A snapshot with the number of the last one has taken its place, and there was no entry in between.
            deletions = 0;
            if (at > 0 && at != before)
            {
                deletions++;
                DeleteMessages(at);
            }

            if (before < at)
            {
                deletions++;
                DeleteSnapshots(new SnapshotSelectionCriteria(at - 1));
            }

            if (deletions == 0)
                Done();
        });
        Command<DeleteMessagesSuccess>(_ => Deleted());
        Command<DeleteSnapshotsSuccess>(_ => Deleted());
        Command<SaveSnapshotFailure>(m => Fail(m.Cause));
        Command<DeleteMessagesFailure>(m => Fail(m.Cause));
        Command<DeleteSnapshotsFailure>(m => Fail(m.Cause));
        Command<DeadlinePassed>(_ => Fail(new TimeoutException($"nothing was written within {deadline.TotalSeconds:0.#} s")));
    }

    private void Deleted()
    {
        if (--deletions == 0)
            Done();
    }

    private void Done()
    {
        Timers.Cancel(DeadlineTimer);
        owner.Tell(Written.Instance);
        if (works)
            return;
        works = true;
        file.Tell(Works.Instance);
    }

    private void StartDeadline() => Timers.StartSingleTimer(DeadlineTimer, DeadlinePassed.Instance, deadline);

    private void Fail(Exception cause)
    {
        file.Tell(new Failed(cause));
        Context.Stop(Self);
    }

    // After these three the actor is stopped by its base class. Nothing is logged here: StateFileActor says it once.
    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => file.Tell(new Failed(cause));

    protected override void OnRecoveryFailure(Exception reason, object? message = null) => file.Tell(new Failed(reason));

    // A rejected entry leaves the actor running without it: what follows would build on what is not there.
    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => Fail(cause);

    private sealed class DeadlinePassed : INoSerializationVerificationNeeded
    {
        public static readonly DeadlinePassed Instance = new();
    }
}
