using Connector.Protocol.Ids;
using Connector.Relay.Frames;

namespace Connector.Relay.Lanes;

/// <summary>The first frame on a lane, from the replica. At most 16 KiB encoded.</summary>
/// <param name="Features">Names of protocol features the replica understands.</param>
public sealed record LaneHello(
    byte MinVersion,
    byte MaxVersion,
    LinkId LinkId,
    BootId BootId,
    int LaneNumber,
    LaneKind Kind,
    ReplicaId ReplicaId,
    string Ticket,
    IReadOnlyList<string> Features);
