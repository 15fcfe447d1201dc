namespace Connector.Relay.Frames;

public enum LaneKind : byte
{
    /// <summary>Carries many streams.</summary>
    Shared = 1,

    /// <summary>For one stream that moves a lot.</summary>
    Bulk = 2,
}

/// <summary>Why an edge refused a lane (REJECT).</summary>
public enum RejectCode : ushort
{
    Protocol = 1,
    Version = 2,
    Ticket = 3,
    KeyMismatch = 4,
    LinkMismatch = 5,
    Busy = 6,
    Draining = 7,
    Timeout = 8,
}

/// <summary>Why a replica refused a stream (REFUSED). Final.</summary>
public enum RefusalCode : ushort
{
    NoSocket = 1,
    UpstreamRefused = 2,
    UpstreamTimeout = 3,
    Unreachable = 4,
    Forbidden = 5,
    Busy = 6,
    Draining = 7,
    Stale = 8,
}

/// <summary>Why a stream was reset (RESET).</summary>
public enum ResetCode : ushort
{
    /// <summary>The local TCP end was reset or closed while bytes were still due.</summary>
    ConnectionLost = 1,

    /// <summary>The peer's frame was for a stream that is not known here.</summary>
    Gone = 2,

    /// <summary>The socket was deleted, stopped or withdrawn.</summary>
    Policy = 3,

    /// <summary>The opener does not want the stream any more.</summary>
    Cancelled = 4,

    /// <summary>The relay itself failed; there is a log record.</summary>
    Internal = 5,

    /// <summary>The link ended.</summary>
    LinkLost = 6,

    /// <summary>Nothing flowed for the socket's idle timeout.</summary>
    IdleTimeout = 7,

    /// <summary>The stream reached the socket's maximum age.</summary>
    MaximumAge = 8,
}

public enum GoAwayReason : ushort
{
    Drain = 1,
    Protocol = 2,
    Revoked = 3,
    Shutdown = 4,
}

public enum ServeCode : ushort
{
    Accepted = 0,
    Unknown = 1,
    Forbidden = 2,
    Stale = 3,
}

public enum UpstreamLamp : byte
{
    Unknown = 0,
    On = 1,
    Off = 2,
}
