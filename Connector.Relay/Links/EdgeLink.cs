using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Memory;

namespace Connector.Relay.Links;

/// <summary>The edge's end of a link to one replica. Thread-safe. Known by (thumbprint, boot id, link id).</summary>
public sealed class EdgeLink
{
    /// <param name="hello">Of the link's first lane; its ticket was verified by the caller.</param>
    public EdgeLink(LaneHello hello, KeyThumbprint thumbprint, RelayMemory memory, IEdgeLinkOwner owner, TimeProvider time)
        => throw new NotImplementedException($"{hello}{thumbprint}{memory}{owner}{time}");

    public LinkId Id => throw new NotImplementedException();

    public BootId BootId => throw new NotImplementedException();

    public ReplicaId ReplicaId => throw new NotImplementedException();

    public KeyThumbprint Thumbprint => throw new NotImplementedException();

    public int LiveLanes => throw new NotImplementedException();

    public int LiveStreams => throw new NotImplementedException();

    public bool IsDraining => throw new NotImplementedException();

    /// <summary>Whether the link takes new streams: it has a lane, does not drain, and serves the socket.</summary>
    public bool Serves(SocketId socketId) => throw new NotImplementedException();

    /// <summary>Takes over a lane whose WELCOME has been sent and runs it. False (the stream is then disposed) when the number was used before.</summary>
    public bool TryAttach(LaneHello hello, Stream stream) => throw new NotImplementedException();

    /// <summary>
    /// Offers a stream to the replica and waits for OPENED or REFUSED. Never throws for anything the replica does; the deadline is the caller's
    /// token: when it is cancelled the stream is reset and the outcome says so.
    /// </summary>
    public Task<OpenOutcome> OpenAsync(OpenRequest request, SocketMemory memory, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>Stops serving a socket on this link and resets its live streams with the code.</summary>
    public void Withdraw(SocketId socketId, ResetCode code) => throw new NotImplementedException();

    /// <summary>Sends GOAWAY, ends all lanes and resets all streams.</summary>
    public void End(GoAwayReason reason, string text) => throw new NotImplementedException();
}
