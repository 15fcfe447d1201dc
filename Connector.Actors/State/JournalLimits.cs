namespace Connector.Actors.State;

/// <summary>When a journal is written anew, and what it may hold.</summary>
/// <param name="MostEntries">Since the last snapshot.</param>
/// <param name="MostBytes">Since the last snapshot; or as much as the snapshot has, when that is more.</param>
/// <param name="LargestWhole">A larger snapshot is not written: the file stays as it is.</param>
internal sealed record JournalLimits(int MostEntries, long MostBytes, long LargestWhole)
{
    public static readonly JournalLimits Default = new(MostEntries: 512, MostBytes: 256 * 1024, LargestWhole: 64 * 1024 * 1024);
}
