namespace Connector.Benchmarks.Trials.Cuts;

/// <param name="Stall">The longest of any stream, from its last byte before to its first after.</param>
/// <param name="Stalled">Kind of stream that waited that long.</param>
/// <param name="Lost">Streams that ended.</param>
internal sealed record CutResult(Cut Cut, TimeSpan Stall, string Stalled, int Lost)
{
    public TimeSpan BeyondCut => Stall - Cut.Length;

    public TimeSpan BeyondPath => Stall - Cut.WithoutPath;
}
