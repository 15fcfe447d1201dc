using Akka.Actor;

namespace Connector.Actors.Logs;

/// <summary>Messages of <c>/user/logs</c>.</summary>
public static class LogShipperProtocol
{
    /// <summary>From the control session: batches may be sent to the sender, who is answered with ControlSessionProtocol.ShipLogBatch.</summary>
    /// <param name="Attempt">Of the stream; comes back in each batch.</param>
    public sealed record SessionOpened(int Attempt) : INoSerializationVerificationNeeded;

    public sealed record SessionLost(int Attempt);

    /// <summary>The control plane has stored the batch.</summary>
    public sealed record BatchAcknowledged(long Sequence);

    /// <summary>Answered with <see cref="OutboxState"/>.</summary>
    public sealed record GetOutbox
    {
        public static readonly GetOutbox Instance = new();
    }

    public sealed record OutboxState(int Waiting, long WaitingBytes, long DroppedTotal, long InFlightSequence);
}
