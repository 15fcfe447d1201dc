using System.Net.Sockets;
using Akka.Streams;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Stages;
using Connector.Relay.Streams;

namespace Connector.Actors.Sockets;

/// <summary>An offer that came over a link.</summary>
internal sealed class RelayOffer(OfferedStream stream) : IStreamOffer
{
    private RelayStream? running;

    public uint Id => stream.Id;

    public SocketId SocketId => stream.Request.SocketId;

    public string Client => stream.Request.Client.ToString();

    public CancellationToken Abandoned => stream.Abandoned;

    public long BytesFromUpstream => Volatile.Read(ref running)?.BytesSent ?? 0;

    public void Accept() => stream.Accept();

    public void Refuse(RefusalCode code, string text) => stream.Refuse(code, text);

    public Task<StreamOutcome>? Run(Socket upstream, SocketMemory memory, IMaterializer materializer)
    {
        if (stream.Open(memory) is { } live)
        {
            Volatile.Write(ref running, live);
            return RelayGraph.Run(materializer, upstream, live);
        }

        upstream.Dispose();
        return null;
    }
}
