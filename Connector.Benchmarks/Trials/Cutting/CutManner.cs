namespace Connector.Benchmarks.Trials.Cutting;

/// <summary>How a connection is cut.</summary>
internal enum CutManner
{
    /// <summary>Both ends see a reset.</summary>
    Reset,

    /// <summary>The edge sees a reset, the replica sees silence.</summary>
    ResetEdgeSide,

    /// <summary>The replica sees a reset, the edge sees silence.</summary>
    ResetReplicaSide,

    /// <summary>Both connections stay open and nothing arrives any more.</summary>
    Drop,

    /// <summary>What the replica sends does not arrive; the other direction works.</summary>
    DropToEdge,

    /// <summary>What the edge sends does not arrive; the other direction works.</summary>
    DropToReplica,

    /// <summary>Nothing arrives for a while, then everything does: packets that were lost and sent again.</summary>
    Hold,
}
