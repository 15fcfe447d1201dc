using Connector.Benchmarks.Trials.Cutting;

namespace Connector.Benchmarks.Trials.Cuts;

/// <param name="AllLanes">All at once, and new ones do not come up while it lasts; otherwise one, and new ones do.</param>
internal sealed record Cut(bool AllLanes, CutManner Manner, TimeSpan Length)
{
    /// <summary>A lane that is silent for 2.4 s is dead; it is looked at every 0.1 s.</summary>
    private static readonly TimeSpan Detection = TimeSpan.FromSeconds(2.5);

    public string Kind => $"{(AllLanes ? "all lanes" : "one lane")}, {Manner}";

    /// <summary>How long no stream of a cut lane can have had a path, by the protocol: until the lane is known to be dead where others live, else as long as the cut.</summary>
    public TimeSpan WithoutPath => AllLanes || Length < Detection ? Length : Detection;

    /// <summary>What new connections meet while it lasts.</summary>
    public NewConnections Arriving => Manner is CutManner.Reset or CutManner.ResetEdgeSide or CutManner.ResetReplicaSide ? NewConnections.Refuse : NewConnections.Hold;
}
