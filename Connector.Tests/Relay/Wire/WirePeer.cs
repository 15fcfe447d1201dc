using Connector.Relay.Frames;

namespace Connector.Tests.Relay.Wire;

/// <summary>The other end of a lane, played by the test: it writes frames by hand and reads what comes.</summary>
internal sealed class WirePeer(WireEnd end)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    public WireEnd End => end;

    /// <summary>All frames in one piece, so that the lane's reader meets them in one read.</summary>
    public ValueTask SendAsync(params byte[][] frames) => end.WriteAsync(frames.SelectMany(static frame => frame).ToArray());

    public async Task<(FrameHeader Header, byte[] Content)> ReadAsync()
    {
        using var deadline = new CancellationTokenSource(Deadline);
        var head = new byte[FrameLimits.HeaderSize];
        await end.ReadExactlyAsync(head, deadline.Token);
        var header = FrameHeader.Read(head);
        var content = new byte[header.Length];
        await end.ReadExactlyAsync(content, deadline.Token);
        return (header, content);
    }

    /// <summary>Skips other frames, as a peer that looks for one thing would.</summary>
    public async Task<(FrameHeader Header, byte[] Content)> ReadUntilAsync(FrameType wanted)
    {
        while (true)
        {
            var frame = await ReadAsync();
            if (frame.Header.Type == wanted)
                return frame;
        }
    }
}
