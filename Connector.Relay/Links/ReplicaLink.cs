using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;

namespace Connector.Relay.Links;

/// <summary>The replica's end of a link to one edge: its lanes, its live streams, its serve table. Thread-safe.</summary>
public sealed class ReplicaLink : IAsyncDisposable
{
    public ReplicaLink(BootId bootId, RelayMemory memory, IReplicaLinkOwner owner, TimeProvider time)
        => throw new NotImplementedException($"{bootId}{memory}{owner}{time}");

    public LinkId Id => throw new NotImplementedException();

    public int LiveLanes => throw new NotImplementedException();

    public int LiveStreams => throw new NotImplementedException();

    /// <summary>Numbers grow and are never reused within a link.</summary>
    public int NextLaneNumber() => throw new NotImplementedException();

    /// <summary>
    /// Takes over an established, welcomed lane and runs it. The lane is added to the link before this returns; the serve table is sent on it.
    /// <see cref="Lane.Completion"/> ends with the reason when it dies and never faults.
    /// </summary>
    public Lane Attach(int laneNumber, LaneKind kind, Stream stream) => throw new NotImplementedException();

    /// <summary>Says (again) that this replica serves the socket, with the version of its configuration.</summary>
    public void Serve(SocketId socketId, long configVersion, UpstreamLamp upstream) => throw new NotImplementedException();

    public void Unserve(SocketId socketId) => throw new NotImplementedException();

    public void RenewTicket(string ticket) => throw new NotImplementedException();

    /// <summary>Sends GOAWAY(drain); the edge stops opening and answers.</summary>
    public void Drain(TimeSpan grace) => throw new NotImplementedException();

    /// <summary>Ends all lanes and resets all streams. Completes when every buffer is back.</summary>
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}
