using Connector.Relay.Frames;

namespace Connector.Relay.Streams;

/// <summary>How a stream ended.</summary>
/// <param name="BytesIn">Bytes written to the local TCP connection.</param>
/// <param name="BytesOut">Bytes read from the local TCP connection.</param>
public sealed record StreamOutcome(StreamEnd End, string Reason, long BytesIn, long BytesOut)
{
    /// <summary>The code of the RESET that ended it, ours or the other end's; null when none did.</summary>
    public ResetCode? Code { get; init; }

    /// <summary>Completed: the local TCP connection closed its half before the other end's close was passed on to it.</summary>
    public bool LocalFinishedFirst { get; init; }

    /// <summary>Times that it went on after its lane was lost.</summary>
    public int Resumes { get; init; }
}

public enum StreamEnd
{
    /// <summary>Both directions ended with FIN.</summary>
    Completed,

    /// <summary>The local TCP connection failed.</summary>
    LocalFailed,

    /// <summary>The other end reset the stream.</summary>
    RemoteReset,

    /// <summary>We ended it: the socket was stopped, deleted or withdrawn.</summary>
    Stopped,

    /// <summary>The link was lost.</summary>
    LinkLost,

    /// <summary>A stage failed unexpectedly.</summary>
    Failed,
}
