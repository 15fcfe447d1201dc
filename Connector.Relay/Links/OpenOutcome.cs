using Connector.Relay.Frames;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>How an OPEN ended: exactly one of the cases.</summary>
public abstract record OpenOutcome
{
    private OpenOutcome()
    {
    }

    /// <summary>The upstream is connected; run a RelayGraph over the stream or reset it.</summary>
    public sealed record Opened(RelayStream Stream) : OpenOutcome;

    public sealed record Refused(RefusalCode Code, string Text) : OpenOutcome;

    /// <summary>The link was lost before an answer. Another link may be tried.</summary>
    public sealed record LinkLost(string Reason) : OpenOutcome;

    /// <summary>The caller's token was cancelled.</summary>
    public sealed record Cancelled : OpenOutcome;
}
