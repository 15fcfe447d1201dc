using Connector.Protocol.Ids;

namespace Connector.Relay.Lanes;

/// <summary>The edge's answer to HELLO.</summary>
/// <param name="KnownLink">False when the edge made a new link of it.</param>
/// <param name="MaxLanes">Lanes this link may have.</param>
/// <param name="MaxPendingOpens">Dials that may be pending on this link.</param>
public sealed record LaneWelcome(EdgeId EdgeId, bool KnownLink, byte Version, int MaxLanes, int MaxPendingOpens);
