using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Logs;

/// <summary>A record in the outbox. Not thread-safe: it belongs to one actor.</summary>
/// <param name="Place">Within its batch.</param>
internal sealed record WaitingRecord(Log Record, LogBatchId Batch, int Place)
{
    // Size on the wire plus the tag and length of the repeated field.
    public int Cost { get; } = Record.CalculateSize() + 6;

    /// <summary>It was there the last time that records were written.</summary>
    public bool Seen { get; set; }

    /// <summary>It is on disk, or on its way there.</summary>
    public bool Kept { get; set; }
}
