using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;

namespace Connector.Actors.Links;

/// <summary>A link of Connector.Relay.</summary>
internal sealed class RelayLink(BootId bootId, RelayMemory memory, IReplicaLinkOwner owner, TimeProvider time) : ILink
{
    private readonly ReplicaLink link = new(bootId, memory, owner, time);

    public LinkId Id => link.Id;

    public int LiveLanes => link.LiveLanes;

    public int LiveStreams => link.LiveStreams;

    public PathProof Path => link.Path;

    public int NextLaneNumber() => link.NextLaneNumber();

    public Task<LaneEnd> Attach(int laneNumber, LaneKind kind, Stream stream) => link.Attach(laneNumber, kind, stream).Completion;

    public void Serve(SocketId socketId, long configVersion, UpstreamLamp upstream) => link.Serve(socketId, configVersion, upstream);

    public void Unserve(SocketId socketId) => link.Unserve(socketId);

    public void RenewTicket(string ticket) => link.RenewTicket(ticket);

    public void Drain(TimeSpan grace) => link.Drain(grace);

    public ValueTask DisposeAsync() => link.DisposeAsync();
}
