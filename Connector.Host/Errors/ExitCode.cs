namespace Connector.Host.Errors;

/// <summary>What the executable returns. Scripts rely on these numbers; they never change their meaning.</summary>
public enum ExitCode
{
    Ok = 0,

    /// <summary>A mistake of the user or of the configuration, or something missing on this machine; the message says what to do.</summary>
    Mistake = 1,

    /// <summary>The command line itself is wrong.</summary>
    Usage = 2,

    /// <summary><c>status</c>: the replica runs, but the control plane refuses it because the connector is already connected.</summary>
    Refused = 3,

    /// <summary><c>status</c>: no replica answers.</summary>
    NotRunning = 4,

    /// <summary><c>drill</c>: a promise was broken; the report says which.</summary>
    PromiseBroken = 5,

    /// <summary>A defect of ours.</summary>
    Internal = 70,
}
