using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;

namespace Connector.Relay.Links;

/// <summary>What a link asks and tells its owner at the edge. Called from lane loops: answer from memory, never block or throw.</summary>
public interface IEdgeLinkOwner
{
    /// <summary>Whether this link may serve the socket now. Asked for every SERVE; on Accepted the socket is in <see cref="EdgeLink.Serves"/> after the call.</summary>
    ServeCode ServeOffered(EdgeLink link, SocketId socketId, long configVersion, UpstreamLamp upstream);

    void ServeWithdrawn(EdgeLink link, SocketId socketId);

    /// <summary>The replica drains: nothing new goes to this link.</summary>
    void DrainBegan(EdgeLink link, TimeSpan grace);

    /// <summary>Verify a renewed ticket: null when taken over, else why not.</summary>
    string? TicketRenewed(EdgeLink link, string ticket);

    /// <summary>A lane has died; when <see cref="Link.LiveLanes"/> is 0 the link is detached.</summary>
    void LaneLost(EdgeLink link, LaneEnd end);

    /// <summary>The link is over: detached for too long or ended by <see cref="EdgeLink.End"/>. Called once.</summary>
    void LinkEnded(EdgeLink link, string reason);
}
