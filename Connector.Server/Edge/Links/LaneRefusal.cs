using Connector.Relay.Frames;
using Connector.Relay.Lanes;

namespace Connector.Server.Edge.Links;

/// <summary>Why a lane is not let in.</summary>
/// <param name="RetryAfter">Zero: as the replica likes.</param>
internal sealed record LaneRefusal(RejectCode Code, string Text, TimeSpan RetryAfter = default)
{
    public LaneRejectedException ToException() => new(Code, Text, RetryAfter);
}
