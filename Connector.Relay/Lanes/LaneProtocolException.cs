using Connector.Relay.Accounting;

namespace Connector.Relay.Lanes;

/// <summary>The peer broke the relay protocol. Ends the lane.</summary>
public sealed class LaneProtocolException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>As what it is counted.</summary>
    public ProtocolViolation Kind { get; init; } = ProtocolViolation.Malformed;
}
