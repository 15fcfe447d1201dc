using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;

namespace Connector.Actors.Links;

/// <summary>The replica's end of a link, as its actors use it. Thread-safe.</summary>
internal interface ILink : IAsyncDisposable
{
    LinkId Id { get; }

    int LiveLanes { get; }

    int LiveStreams { get; }

    /// <summary>The path lamp of this link.</summary>
    PathProof Path { get; }

    int NextLaneNumber();

    /// <summary>Owns the stream from here on. The task ends when the lane is dead and never faults.</summary>
    Task<LaneEnd> Attach(int laneNumber, LaneKind kind, Stream stream);

    void Serve(SocketId socketId, long configVersion, UpstreamLamp upstream);

    void Unserve(SocketId socketId);

    void RenewTicket(string ticket);

    void Drain(TimeSpan grace);
}
