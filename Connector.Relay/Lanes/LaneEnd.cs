namespace Connector.Relay.Lanes;

/// <summary>Why a lane is over.</summary>
/// <param name="Reason">In words fit for a log record.</param>
public sealed record LaneEnd(int LaneNumber, LaneEndKind Kind, string Reason);

public enum LaneEndKind
{
    /// <summary>Ended on our side.</summary>
    Local,

    /// <summary>Closed or reset by the peer or the network.</summary>
    Remote,

    /// <summary>Silent for too long, or a write stalled.</summary>
    Silent,

    /// <summary>A peer broke the protocol.</summary>
    Protocol,
}
