namespace Connector.Actors.Control;

/// <summary>Why a control stream could not be had or ended. Decides what is shown and how long the next try waits.</summary>
public enum ControlFailureKind
{
    /// <summary>Not reached, not in time, or not trusted.</summary>
    Unreachable,

    /// <summary>Bad, expired or revoked token. Logged at this replica only.</summary>
    Unauthenticated,

    /// <summary>Another process holds the control session and answers.</summary>
    AlreadyConnected,

    /// <summary>This session was fenced: a newer one has a higher epoch.</summary>
    Fenced,

    /// <summary>The connector was deleted: final.</summary>
    Deleted,

    /// <summary>The stream ended, was cut, or the server asked to come again.</summary>
    Ended,

    /// <summary>What arrived does not follow the protocol: a version gap, an update before Init.</summary>
    OutOfOrder,
}
