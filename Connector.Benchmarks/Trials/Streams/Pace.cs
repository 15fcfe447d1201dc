namespace Connector.Benchmarks.Trials.Streams;

/// <param name="Blocks">Blocks of 4,096 bytes per interval.</param>
internal readonly record struct Pace(int Blocks, TimeSpan Interval)
{
    /// <summary>27 KB/s.</summary>
    public static Pace Light { get; } = new(2, TimeSpan.FromMilliseconds(300));

    /// <summary>About 2 MB/s.</summary>
    public static Pace Heavy { get; } = new(16, TimeSpan.FromMilliseconds(30));
}
