namespace Connector.Actors.Logs;

/// <param name="MostRecords">Waiting, without the batch in flight.</param>
/// <param name="MostBytes">On the wire, without the batch in flight. The copy on disk holds the same records, and up to as much again until it is written anew.</param>
/// <param name="LargestBatch">Bytes of records in one batch. A single record is always smaller: see <see cref="LogRecordWriter.LargestMessage"/>.</param>
public sealed record LogOutboxLimits(int MostRecords = 10_000, long MostBytes = 4 * 1024 * 1024, int LargestBatch = 32 * 1024)
{
    public static readonly LogOutboxLimits Default = new();

    /// <summary>
    /// How often what is not acknowledged is written to disk. A record is written when it has waited for longer than this, so that while the control
    /// plane answers nothing is.
    /// </summary>
    public TimeSpan KeepInterval { get; init; } = TimeSpan.FromMilliseconds(500);
}
