namespace Connector.Tests.Relay.Properties;

/// <summary>What happens to a link while its streams run.</summary>
public enum Disturbance
{
    Nothing,

    /// <summary>Both ends of a lane end.</summary>
    CutLane,

    /// <summary>The replica's end stops without a word.</summary>
    AbortAtReplica,

    /// <summary>Only one direction is shut down.</summary>
    ShutdownOneDirection,

    EndLinkAtEdge,

    EndLinkAtReplica,

    /// <summary>Both lanes end; new ones come a little later.</summary>
    CutAllLanes,

    /// <summary>One lane after the other ends and is replaced, while streams run.</summary>
    CutAgainAndAgain,
}
