using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Relay.Memory;

namespace Connector.Server.Edge.Links;

/// <summary>What the edge uses of an <see cref="EdgeLink"/>; members mean the same. Lets the edge's rules be tested without a wire.</summary>
internal interface IRelayLink
{
    int LiveLanes { get; }

    int LiveStreams { get; }

    bool IsDraining { get; }

    /// <summary>The path lamp of this link.</summary>
    PathProof Path { get; }

    bool Serves(SocketId socketId);

    bool TryAttach(LaneHello hello, Stream stream);

    IStreamOpening BeginOpen(OpenRequest request, SocketMemory memory);

    void Withdraw(SocketId socketId, ResetCode code);

    void End(GoAwayReason reason, string text);
}
