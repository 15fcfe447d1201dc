using Connector.Relay.Frames;

namespace Connector.Relay.Lanes;

/// <summary>The edge answered HELLO with REJECT.</summary>
public sealed class LaneRejectedException(RejectCode code, string text, TimeSpan retryAfter)
    : Exception($"the edge refused the lane: {code}: {text}")
{
    public RejectCode Code { get; } = code;

    public string Text { get; } = text;

    public TimeSpan RetryAfter { get; } = retryAfter;
}
