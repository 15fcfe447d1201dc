using Connector.Relay.Frames;

namespace Connector.Relay.Lanes;

/// <summary>HELLO and WELCOME or REJECT on a fresh lane.</summary>
public static class LaneHandshake
{
    /// <summary>The ALPN name.</summary>
    public const string ApplicationProtocol = "border0-relay/1";

    /// <summary>The version of the relay protocol that this build speaks.</summary>
    public const byte Version = 1;

    /// <summary>How long either side waits for the other's first frame.</summary>
    public static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <summary>Replica: sends HELLO and waits for the answer (5 s).</summary>
    /// <exception cref="LaneRejectedException">The edge said REJECT.</exception>
    /// <exception cref="LaneProtocolException">The edge broke the protocol or did not answer in time.</exception>
    /// <exception cref="IOException">The connection failed.</exception>
    public static async Task<LaneWelcome> DialAsync(Stream stream, LaneHello hello, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            await SendAsync(stream, ControlFrames.Hello(hello), deadline.Token).ConfigureAwait(false);
            var (header, content) = await ReceiveFrameAsync(stream, deadline.Token).ConfigureAwait(false);
            return header.Type switch
            {
                FrameType.Welcome => ControlFrames.ReadWelcome(content),
                FrameType.Reject => throw ControlFrames.ReadReject(content),
                _ => throw new LaneProtocolException($"the edge answered HELLO with {header.Type}"),
            };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LaneProtocolException($"the edge did not answer HELLO within {Deadline.TotalSeconds:0} s");
        }
    }

    /// <summary>Edge: waits for HELLO (5 s, at most 16 KiB).</summary>
    /// <exception cref="LaneProtocolException">No HELLO, a malformed one, or not in time.</exception>
    /// <exception cref="IOException">The connection failed.</exception>
    public static async Task<LaneHello> ReceiveAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Deadline);
        try
        {
            var (header, content) = await ReceiveFrameAsync(stream, deadline.Token).ConfigureAwait(false);
            return header.Type == FrameType.Hello
                ? ControlFrames.ReadHello(content)
                : throw new LaneProtocolException($"the lane began with {header.Type} instead of HELLO");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new LaneProtocolException($"no HELLO came within {Deadline.TotalSeconds:0} s");
        }
    }

    public static Task WelcomeAsync(Stream stream, LaneWelcome welcome, CancellationToken cancellationToken)
        => SendAsync(stream, ControlFrames.Welcome(welcome), cancellationToken);

    public static Task RejectAsync(Stream stream, LaneRejectedException rejection, CancellationToken cancellationToken)
        => SendAsync(stream, ControlFrames.Reject(rejection), cancellationToken);

    private static async Task SendAsync(Stream stream, byte[] frame, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
    }

    private static async Task<(FrameHeader Header, byte[] Content)> ReceiveFrameAsync(Stream stream, CancellationToken cancellationToken)
    {
        try
        {
            var head = new byte[FrameLimits.HeaderSize];
            await stream.ReadExactlyAsync(head, cancellationToken).ConfigureAwait(false);
            var header = FrameHeader.Read(head);
            if (header.Type is not (FrameType.Hello or FrameType.Welcome or FrameType.Reject))
                throw new LaneProtocolException($"a lane begins with HELLO and its answer, not with {header.Type}");
            var content = new byte[header.Length];
            await stream.ReadExactlyAsync(content, cancellationToken).ConfigureAwait(false);
            return (header, content);
        }
        catch (EndOfStreamException ended)
        {
            throw new LaneProtocolException("the connection ended during the handshake", ended);
        }
    }
}
