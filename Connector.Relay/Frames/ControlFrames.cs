using System.Net;
using Connector.Protocol.Ids;
using Connector.Relay.Lanes;
using Connector.Relay.Links;

namespace Connector.Relay.Frames;

/// <summary>Contents of all frames but DATA, in both directions. The table of docs/protocol.md, in code.</summary>
internal static class ControlFrames
{
    private const int MaxId = 64;
    private const int MaxFeatures = 32;
    private const byte ResumeAsks = (byte)(ResumeAsk.Data | ResumeAsk.Answer);

    /// <summary>Entries that one RESUME can hold.</summary>
    public const int MaxResumeEntries = (FrameLimits.MaxControl - 2) / 30;

    public static byte[] Hello(LaneHello hello)
    {
        Span<byte> ids = stackalloc byte[LinkId.Size + BootId.Size];
        hello.LinkId.Write(ids);
        hello.BootId.Write(ids[LinkId.Size..]);
        var content = new ContentWriter()
            .U8(hello.MinVersion).U8(hello.MaxVersion)
            .Bytes(ids)
            .U32((uint)hello.LaneNumber).U8((byte)hello.Kind)
            .Identifier(hello.ReplicaId.Value, MaxId)
            .Identifier(hello.Ticket, FrameLimits.MaxTicket)
            .U8((byte)hello.Features.Count);
        foreach (var feature in hello.Features)
            content.Identifier(feature, MaxId);
        return content.Frame(FrameType.Hello);
    }

    public static LaneHello ReadHello(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        byte min = reader.U8(), max = reader.U8();
        var linkId = LinkId.Read(reader.Bytes(LinkId.Size));
        var bootId = BootId.Read(reader.Bytes(BootId.Size));
        var lane = reader.U32();
        if (lane is 0 or > int.MaxValue)
            throw new LaneProtocolException($"lane number {lane} is out of range");
        var kind = (LaneKind)reader.U8();
        if (kind is not (LaneKind.Shared or LaneKind.Bulk))
            throw new LaneProtocolException($"lane kind {(byte)kind} is unknown");
        var replica = new ReplicaId(reader.Text(MaxId));
        var ticket = reader.Text(FrameLimits.MaxTicket);
        var count = reader.U8();
        if (count > MaxFeatures)
            throw new LaneProtocolException($"{count} features are more than {MaxFeatures}");
        var features = new string[count];
        for (var i = 0; i < count; i++)
            features[i] = reader.Text(MaxId);
        reader.End();
        return new LaneHello(min, max, linkId, bootId, (int)lane, kind, replica, ticket, features);
    }

    public static byte[] Welcome(LaneWelcome welcome) => new ContentWriter()
        .Identifier(welcome.EdgeId.Value, MaxId)
        .U8(welcome.KnownLink ? (byte)1 : (byte)0).U8(welcome.Version)
        .U16((ushort)welcome.MaxLanes).U16((ushort)welcome.MaxPendingOpens)
        .Frame(FrameType.Welcome);

    public static LaneWelcome ReadWelcome(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var welcome = new LaneWelcome(
            new EdgeId(reader.Text(MaxId)), reader.U8() != 0, reader.U8(), reader.U16(), reader.U16());
        reader.End();
        return welcome;
    }

    public static byte[] Reject(LaneRejectedException rejection) => new ContentWriter()
        .U16((ushort)rejection.Code).Text(rejection.Text, FrameLimits.MaxText)
        .U32((uint)Math.Clamp(rejection.RetryAfter.TotalMilliseconds, 0, uint.MaxValue))
        .Frame(FrameType.Reject);

    public static LaneRejectedException ReadReject(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var rejection = new LaneRejectedException(
            (RejectCode)reader.U16(), reader.Text(FrameLimits.MaxText), TimeSpan.FromMilliseconds(reader.U32()));
        reader.End();
        return rejection;
    }

    public static byte[] Ticket(string ticket) => new ContentWriter().Identifier(ticket, FrameLimits.MaxTicket).Frame(FrameType.Ticket);

    public static string ReadTicket(ReadOnlySpan<byte> content) => ReadText(content, FrameLimits.MaxTicket);

    /// <param name="problem">Null when the ticket was taken over.</param>
    public static byte[] TicketAck(string? problem)
        => new ContentWriter().U8(problem is null ? (byte)1 : (byte)0).Text(problem ?? "", FrameLimits.MaxText).Frame(FrameType.TicketAck);

    public static (bool Accepted, string Text) ReadTicketAck(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var answer = (reader.U8() == 1, reader.Text(FrameLimits.MaxText));
        reader.End();
        return answer;
    }

    public static byte[] GoAway(GoAwayReason reason, TimeSpan grace, long sequence, string text) => new ContentWriter()
        .U16((ushort)reason).U32((uint)Math.Clamp(grace.TotalMilliseconds, 0, uint.MaxValue)).U64(sequence).Text(text, FrameLimits.MaxText)
        .Frame(FrameType.GoAway);

    public static (GoAwayReason Reason, TimeSpan Grace, long Sequence, string Text) ReadGoAway(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var goAway = ((GoAwayReason)reader.U16(), TimeSpan.FromMilliseconds(reader.U32()), reader.U64(), reader.Text(FrameLimits.MaxText));
        reader.End();
        return goAway;
    }

    public static byte[] GoAwayAck(uint highestOpen) => new ContentWriter().U32(highestOpen).Frame(FrameType.GoAwayAck);

    public static uint ReadU32(ReadOnlySpan<byte> content) => new ContentReader(content).U32();

    public static byte[] Serve(SocketId socketId, long configVersion, UpstreamLamp upstream, long sequence) => new ContentWriter()
        .Identifier(socketId.Value, MaxId).U64(sequence).U64(configVersion).U8((byte)upstream).Frame(FrameType.Serve);

    public static (SocketId SocketId, long Sequence, long ConfigVersion, UpstreamLamp Upstream) ReadServe(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var serve = (new SocketId(reader.Text(MaxId)), reader.U64(), reader.U64(), (UpstreamLamp)reader.U8());
        reader.End();
        return serve;
    }

    public static byte[] Unserve(SocketId socketId, long sequence)
        => new ContentWriter().Identifier(socketId.Value, MaxId).U64(sequence).Frame(FrameType.Unserve);

    public static (SocketId SocketId, long Sequence) ReadUnserve(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var unserve = (new SocketId(reader.Text(MaxId)), reader.U64());
        reader.End();
        return unserve;
    }

    public static byte[] ServeAck(SocketId socketId, ServeCode code)
        => new ContentWriter().Identifier(socketId.Value, MaxId).U16((ushort)code).Frame(FrameType.ServeAck);

    public static (SocketId SocketId, ServeCode Code) ReadServeAck(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var ack = (new SocketId(reader.Text(MaxId)), (ServeCode)reader.U16());
        reader.End();
        return ack;
    }

    public static byte[] Reset(uint stream, ResetCode code) => new ContentWriter().U16((ushort)code).Frame(FrameType.Reset, stream);

    public static byte[] LaneDead(int laneNumber) => new ContentWriter().U32((uint)laneNumber).Frame(FrameType.LaneDead);

    public static byte[] Echo(FrameType type, uint stream, ReadOnlySpan<byte> probe) => new ContentWriter().Bytes(probe).Frame(type, stream);

    public static byte[] Open(uint stream, OpenRequest request, long initialLimit)
    {
        Span<byte> address = stackalloc byte[16];
        request.Client.Address.TryWriteBytes(address, out var written);
        return new ContentWriter()
            .Identifier(request.SocketId.Value, MaxId)
            .U8((byte)written).Bytes(address[..written]).U16((ushort)request.Client.Port)
            .Text(request.ServerName, 255)
            .Identifier(request.UserIdentity, 512)
            .Text(request.TraceContext, 256)
            .U64(initialLimit)
            .Frame(FrameType.Open, stream);
    }

    public static (OpenRequest Request, long InitialLimit) ReadOpen(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var socketId = new SocketId(reader.Text(MaxId));
        var length = reader.U8();
        if (length is not (4 or 16))
            throw new LaneProtocolException($"a client address of {length} bytes is neither IPv4 nor IPv6");
        var client = new IPEndPoint(new IPAddress(reader.Bytes(length)), reader.U16());
        var request = new OpenRequest(socketId, client, reader.Text(255), reader.Text(512), reader.Text(256));
        var limit = reader.U64();
        reader.End();
        return (request, limit);
    }

    public static byte[] Refused(uint stream, RefusalCode code, string text)
        => new ContentWriter().U16((ushort)code).Text(text, FrameLimits.MaxText).Frame(FrameType.Refused, stream);

    public static (RefusalCode Code, string Text) ReadRefused(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var refused = ((RefusalCode)reader.U16(), reader.Text(FrameLimits.MaxText));
        reader.End();
        return refused;
    }

    public static byte[] Resume(IReadOnlyList<ResumeEntry> entries)
    {
        var content = new ContentWriter().U16((ushort)entries.Count);
        foreach (var entry in entries)
            content.U32(entry.Stream).U8((byte)((byte)entry.State | (byte)entry.Ask)).U64(entry.Received).U64(entry.Limit).U8(entry.Final is null ? (byte)0 : (byte)1).U64(entry.Final ?? 0);
        return content.Frame(FrameType.Resume);
    }

    public static IReadOnlyList<ResumeEntry> ReadResume(ReadOnlySpan<byte> content)
    {
        var reader = new ContentReader(content);
        var count = reader.U16();
        if (count > MaxResumeEntries || content.Length != 2 + (count * 30))
            throw new LaneProtocolException($"RESUME says {count} streams in {content.Length} bytes");
        var entries = new ResumeEntry[count];
        for (var i = 0; i < count; i++)
        {
            var stream = reader.U32();
            var bits = reader.U8();
            var state = (ResumeState)(bits & ~ResumeAsks);
            if (state is not (ResumeState.Opening or ResumeState.Open or ResumeState.Finished))
                throw new LaneProtocolException($"RESUME has the unknown state {bits}");
            long received = reader.U64(), limit = reader.U64();
            var hasFinal = reader.U8();
            var final = reader.U64();
            entries[i] = new ResumeEntry(stream, state, (ResumeAsk)(bits & ResumeAsks), received, limit, hasFinal == 1 ? final : null);
        }

        return entries;
    }

    private static string ReadText(ReadOnlySpan<byte> content, int max)
    {
        var reader = new ContentReader(content);
        var text = reader.Text(max);
        reader.End();
        return text;
    }
}
