using System.Net;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Links;

namespace Connector.Tests.Relay.Wire;

/// <summary>Frames as a peer's own code would build them.</summary>
internal static class Raw
{
    public static readonly SocketId SocketId = new("socket");

    public static OpenRequest Request { get; } = new(SocketId, new IPEndPoint(IPAddress.Loopback, 1), "", "", "");

    public static byte[] Open(uint id, long limit = 1 << 20) => ControlFrames.Open(id, Request, limit);

    public static byte[] Opened(uint id, long limit = 1 << 20) => new ContentWriter().U64(limit).Frame(FrameType.Opened, id);

    public static byte[] Data(uint id, long offset, ReadOnlySpan<byte> bytes) => Frames.FrameDecoderTests.DataFrame(id, offset, bytes);

    public static byte[] Credit(uint id, long consumed, long limit) => new ContentWriter().U64(consumed).U64(limit).Frame(FrameType.Credit, id);

    public static byte[] Fin(uint id, long final) => new ContentWriter().U64(final).Frame(FrameType.Fin, id);

    public static byte[] Reset(uint id, ResetCode code = ResetCode.Policy) => new ContentWriter().U16((ushort)code).Frame(FrameType.Reset, id);

    public static byte[] Ping(long content = 7) => new ContentWriter().U64(content).Frame(FrameType.Ping);

    public static byte[] Serve(long sequence, SocketId? socketId = null) => ControlFrames.Serve(socketId ?? SocketId, 1, UpstreamLamp.On, sequence);

    public static byte[] Unserve(long sequence, SocketId? socketId = null) => ControlFrames.Unserve(socketId ?? SocketId, sequence);
}
