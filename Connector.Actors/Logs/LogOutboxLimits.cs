namespace Connector.Actors.Logs;

/// <param name="MostRecords">Waiting, without the batch in flight.</param>
/// <param name="MostBytes">On the wire, without the batch in flight.</param>
/// <param name="LargestBatch">Bytes of records in one batch. A single record is always smaller: see <see cref="LogRecordWriter.LargestMessage"/>.</param>
public sealed record LogOutboxLimits(int MostRecords = 10_000, long MostBytes = 8 * 1024 * 1024, int LargestBatch = 32 * 1024)
{
    public static readonly LogOutboxLimits Default = new();
}
