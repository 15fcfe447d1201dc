using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Connector.Actors.Control;
using Connector.Actors.State;
using Connector.Protocol.Ids;
using Connector.Protocol.State.Stored;
using static Connector.Actors.Logs.LogShipperProtocol;
using static Connector.Actors.State.StateFileProtocol;

namespace Connector.Actors.Logs;

/// <summary>
/// Takes records from the inlet into the outbox and sends them in batches, one unacknowledged at a time. What the control plane does not
/// acknowledge soon is written to a journal, and goes out after the next start. Never logs through the loggers it ships for: a full outbox shows in
/// its counters, not as more records.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class LogShipperActor : ReceiveActor, IWithTimers
{
    /// <param name="stateFile">StateFileActor; nobody where the outbox is in memory only.</param>
    public static Props Props(LogInlet inlet, LogOutboxLimits limits, string replicaId, BootId bootId, IActorRef stateFile)
        => Akka.Actor.Props.Create(() => new LogShipperActor(inlet, limits, replicaId, bootId, stateFile));

    public const string JournalName = "logs";

    // Keeps one turn short; the rest follows with the next signal.
    private const int MostPerTurn = 512;

    private const string KeepTimer = "keep";

    private readonly LogInlet inlet;
    private readonly LogOutbox outbox;
    private readonly LogOutboxLimits limits;
    private readonly IActorRef stateFile;
    private readonly JournalWriter writer;
    private readonly CancellationTokenSource stopped = new();
    private IActorRef session = ActorRefs.Nobody;
    private int attempt;

    // Batches of an earlier start go first; known as well once nobody waits for them any more.
    private bool known;
    private bool restored;

    public LogShipperActor(LogInlet inlet, LogOutboxLimits limits, string replicaId, BootId bootId, IActorRef stateFile)
    {
        this.inlet = inlet;
        this.limits = limits;
        this.stateFile = stateFile;
        outbox = new LogOutbox(limits, replicaId, bootId, inlet.Sequence);

        // What is acknowledged leaves the disk only when the journal is written anew.
        writer = new JournalWriter(JournalLimits.Default with { MostBytes = limits.MostBytes / 2 });
        known = stateFile.IsNobody();
        Shipping();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private void Shipping()
    {
        Receive<InletReady>(_ => TakeRecords());
        Receive<SessionOpened>(m =>
        {
            session = Sender;
            attempt = m.Attempt;
            SendAgain();
        });
        Receive<SessionLost>(m =>
        {
            if (m.Attempt == attempt)
                session = ActorRefs.Nobody;
        });
        Receive<BatchAcknowledged>(m =>
        {
            if (!outbox.Acknowledge(m.Sequence))
                return;
            SendNext();
            KeepSoon();
        });
        Receive<GetOutbox>(_ => Sender.Tell(
            new OutboxState(outbox.Waiting, outbox.WaitingBytes, outbox.DroppedTotal, outbox.InFlight?.Sequence ?? 0)));
        Keeping();
    }

    private void Keeping()
    {
        Receive<KeepDue>(_ => Keep(all: false));
        Receive<JournalOpened>(OnOpened);
        Receive<JournalLost>(_ =>
        {
            writer.Lost();
            Timers.Cancel(KeepTimer);
            Known();
            writer.AnswerFlush(nothingLeft: true);
        });
        Receive<JournalProtocol.Written>(_ =>
        {
            if (!writer.Written(Sender))
                return;
            writer.AnswerFlush(!outbox.HasUnkept);
            if (writer.IsFlushing)
                Keep(all: true);
            else
                KeepSoon();
        });
        Receive<FlushJournal>(_ =>
        {
            writer.Flush(Sender);
            EmptyInlet();

            // Whoever comes after us sends what is on disk by now, and we may send it too: nothing may be added to it.
            outbox.Seal();
            Keep(all: true);
        });
    }

    protected override void PreStart()
    {
        if (!stateFile.IsNobody())
            stateFile.Tell(new OpenJournal(JournalName));
        AwaitRecords();
    }

    protected override void PostStop()
    {
        stopped.Cancel();
        stopped.Dispose();
    }

    // ---- shipping

    private void TakeRecords()
    {
        EmptyInlet();
        SendNext();
        KeepSoon();
        AwaitRecords();
    }

    private void EmptyInlet()
    {
        for (var taken = 0; taken < MostPerTurn && inlet.TryTake(out var record); taken++)
            outbox.Add(record!);
        if (inlet.TakeDropped() is > 0 and var lost)
            outbox.CountDropped(lost);
    }

    private void SendAgain()
    {
        if (!known)
            return;

        // Nobody knows whether the last session's batch was stored: the same again, under the same sequence.
        if (!session.IsNobody() && outbox.InFlight is { } unacknowledged)
            session.Tell(new ControlSessionProtocol.ShipLogBatch(attempt, unacknowledged));
        else
            SendNext();
    }

    private void SendNext()
    {
        if (known && !session.IsNobody() && outbox.TakeBatch() is { } batch)
            session.Tell(new ControlSessionProtocol.ShipLogBatch(attempt, batch));
    }

    // One signal at a time: the mailbox never fills with records.
    private void AwaitRecords()
        => inlet.WaitAsync(stopped.Token).PipeTo(Self, Self, success: _ => InletReady.Instance, failure: _ => InletClosed.Instance);

    // ---- the journal

    private void OnOpened(JournalOpened m)
    {
        writer.Opened(m);
        if (restored)
        {
            writer.RequireWhole();
        }
        else if (m.Snapshot is null or LogSnapshot && m.Entries.All(e => e is LogChanges))
        {
            restored = true;
            if (m.Snapshot is not null || !m.Entries.IsEmpty)
                outbox.Restore((LogSnapshot?)m.Snapshot, m.Entries.Cast<LogChanges>());
        }
        else
        {
            writer.Lost();
            stateFile.Tell(new JournalSenseless(JournalName, "the journal of log records holds something else"));
            return;
        }

        Known();
        if (writer.IsWholeDue)
            Keep(all: true);
        else
            KeepSoon();
    }

    private void Known()
    {
        if (known)
            return;
        known = true;
        SendAgain();
    }

    private void KeepSoon()
    {
        if (writer.CanWrite && (outbox.HasUnkept || outbox.IsCopyStale) && !Timers.IsTimerActive(KeepTimer))
            Timers.StartSingleTimer(KeepTimer, KeepDue.Instance, limits.KeepInterval);
    }

    private void Keep(bool all)
    {
        if (writer.CanWrite)
        {
            if (outbox.IsCopyStale)
                writer.RequireWhole();
            var changes = outbox.TakeUnkept(all);
            if (changes is not null || writer.IsWholeDue)
                writer.Write(changes ?? new LogChanges(), outbox.Whole);
        }

        writer.AnswerFlush(!outbox.HasUnkept);
        KeepSoon();
    }

    private sealed class KeepDue : INoSerializationVerificationNeeded
    {
        public static readonly KeepDue Instance = new();
    }

    private sealed class InletReady : INoSerializationVerificationNeeded
    {
        public static readonly InletReady Instance = new();
    }

    private sealed class InletClosed : INoSerializationVerificationNeeded
    {
        public static readonly InletClosed Instance = new();
    }
}
