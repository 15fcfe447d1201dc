using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Limits;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;

namespace Connector.Actors.Sockets;

/// <summary>An offer that came over a link.</summary>
internal sealed class RelayOffer(OfferedStream stream) : IStreamOffer
{
    private LimitedStream? running;

    public uint Id => stream.Id;

    public SocketId SocketId => stream.Request.SocketId;

    public string Client => stream.Request.Client.ToString();

    public IPEndPoint ClientAddress => stream.Request.Client;

    public CancellationToken Abandoned => stream.Abandoned;

    public long BytesMoved => running?.BytesMoved ?? 0;

    public bool BytesWait => running?.BytesWait ?? false;

    public long BytesFromUpstream => Volatile.Read(ref running)?.BytesFromUpstream ?? 0;

    public void Accept() => stream.Accept();

    public void Refuse(RefusalCode code, string text) => stream.Refuse(code, text);

    public Task<StreamOutcome>? Run(Socket upstream, SocketMemory memory, ByteRate rate, IMaterializer materializer)
    {
        if (stream.Open(memory) is { } live)
        {
            var limited = new LimitedStream(live, rate);
            Volatile.Write(ref running, limited);
            return RelayGraph.Run(materializer, upstream, limited);
        }

        upstream.Dispose();
        return null;
    }

    public void End(ResetCode code, string reason) => running?.End(code, reason);
}
