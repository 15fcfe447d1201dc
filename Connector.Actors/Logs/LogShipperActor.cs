using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Connector.Actors.Control;
using Connector.Protocol.Ids;
using static Connector.Actors.Logs.LogShipperProtocol;

namespace Connector.Actors.Logs;

/// <summary>
/// Takes records from the inlet into the outbox and sends them in batches, one unacknowledged at a time. Never logs through the loggers it
/// ships for: a full outbox shows in its counters, not as more records.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class LogShipperActor : ReceiveActor
{
    public static Props Props(LogInlet inlet, LogOutboxLimits limits, string replicaId, BootId bootId)
        => Akka.Actor.Props.Create(() => new LogShipperActor(inlet, limits, replicaId, bootId));

    // Keeps one turn short; the rest follows with the next signal.
    private const int MostPerTurn = 512;

    private readonly LogInlet inlet;
    private readonly LogOutbox outbox;
    private readonly CancellationTokenSource stopped = new();
    private IActorRef session = ActorRefs.Nobody;
    private int attempt;

    public LogShipperActor(LogInlet inlet, LogOutboxLimits limits, string replicaId, BootId bootId)
    {
        this.inlet = inlet;
        outbox = new LogOutbox(limits, replicaId, bootId, inlet.Sequence);
        Shipping();
    }

    private void Shipping()
    {
        Receive<InletReady>(_ => TakeRecords());
        Receive<SessionOpened>(m =>
        {
            session = Sender;
            attempt = m.Attempt;

            // Nobody knows whether the last session's batch was stored: the same again, under the same sequence.
            if (outbox.InFlight is { } unacknowledged)
                session.Tell(new ControlSessionProtocol.ShipLogBatch(attempt, unacknowledged));
            else
                SendNext();
        });
        Receive<SessionLost>(m =>
        {
            if (m.Attempt == attempt)
                session = ActorRefs.Nobody;
        });
        Receive<BatchAcknowledged>(m =>
        {
            if (outbox.Acknowledge(m.Sequence))
                SendNext();
        });
        Receive<GetOutbox>(_ => Sender.Tell(
            new OutboxState(outbox.Waiting, outbox.WaitingBytes, outbox.DroppedTotal, outbox.InFlight?.Sequence ?? 0)));
    }

    protected override void PreStart() => AwaitRecords();

    protected override void PostStop()
    {
        stopped.Cancel();
        stopped.Dispose();
    }

    private void TakeRecords()
    {
        var taken = 0;
        for (; taken < MostPerTurn && inlet.TryTake(out var record); taken++)
            outbox.Add(record!);
        if (inlet.TakeDropped() is > 0 and var lost)
            outbox.CountDropped(lost);
        SendNext();
        AwaitRecords();
    }

    private void SendNext()
    {
        if (!session.IsNobody() && outbox.TakeBatch() is { } batch)
            session.Tell(new ControlSessionProtocol.ShipLogBatch(attempt, batch));
    }

    // One signal at a time: the mailbox never fills with records.
    private void AwaitRecords()
        => inlet.WaitAsync(stopped.Token).PipeTo(Self, Self, success: _ => InletReady.Instance, failure: _ => InletClosed.Instance);

    private sealed class InletReady : INoSerializationVerificationNeeded
    {
        public static readonly InletReady Instance = new();
    }

    private sealed class InletClosed : INoSerializationVerificationNeeded
    {
        public static readonly InletClosed Instance = new();
    }
}
