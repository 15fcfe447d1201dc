using System.Buffers.Binary;
using System.Net.Sockets;
using Connector.Actors.Reach;

namespace Connector.Actors.Sockets.Checks;

/// <summary>
/// One check of an upstream, dialled like a stream of it. A check that got its answer closes in order; one that did not is cut off by RST: a
/// stopped service finds an orderly close in its backlog when it goes on, and some count that against the connector's host.
/// </summary>
/// <param name="greetingWait">How long a service of unknown kind may take to show that it is one that speaks first; 200 ms if not given.</param>
internal sealed class UpstreamProbe(IUpstreamDialer dialer, TimeProvider time, TimeSpan? greetingWait = null)
{
    private static readonly TimeSpan DefaultGreetingWait = TimeSpan.FromMilliseconds(200);

    private static readonly byte[] SshIdentification = "SSH-2.0-border0check\r\n"u8.ToArray();

    /// <summary>PROXY protocol v2, command LOCAL: "this is a health check of the proxy itself".</summary>
    private static readonly byte[] ProxyLocal = [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x20, 0x00, 0x00, 0x00];

    /// <param name="listen">Whether a service of unknown kind is given time to greet.</param>
    /// <returns>Never throws for anything the upstream does.</returns>
    /// <exception cref="OperationCanceledException">The token was cancelled.</exception>
    public async Task<CheckOutcome> CheckAsync(PlainUpstream upstream, UpstreamCheck check, bool listen, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(check.Timeout, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        var outcome = await OnceAsync(upstream, check, listen, stop.Token, cancellation).ConfigureAwait(false);
        if (outcome.Failure is null || outcome.Next == check.Kind)
            return outcome;

        // It closed at a question that it does not know: asked the older one within the same time.
        var second = await OnceAsync(upstream, check with { Kind = outcome.Next }, listen, stop.Token, cancellation).ConfigureAwait(false);
        return second.Failure is null ? second : outcome with { Next = check.Kind };
    }

    private async Task<CheckOutcome> OnceAsync(PlainUpstream upstream, UpstreamCheck check, bool listen, CancellationToken stop, CancellationToken cancelled)
    {
        Socket? socket = null;
        try
        {
            switch (await DialAsync(upstream, stop).ConfigureAwait(false))
            {
                case DialOutcome.Connected connected:
                    socket = connected.Socket;
                    break;
                case DialOutcome.Refused refused:
                    return new CheckOutcome(refused.Text, check.Kind);
                case DialOutcome.TimedOut timedOut:
                    return new CheckOutcome(timedOut.Text, check.Kind);
                case DialOutcome.Unreachable unreachable:
                    return new CheckOutcome(unreachable.Text, check.Kind);
                case DialOutcome.Forbidden forbidden:
                    return new CheckOutcome(forbidden.Text, check.Kind);
                case var other:
                    throw new InvalidOperationException($"a dial ended with {other.GetType().Name}, which the check does not know");
            }

            if (check.ProxyHeader)
                await socket.SendAsync(ProxyLocal, stop).ConfigureAwait(false);
            var outcome = await AskAsync(socket, upstream, check.Kind, listen, stop).ConfigureAwait(false);
            if (outcome.Failure is not null)
                CutOff(socket);
            return outcome;
        }
        catch (OperationCanceledException) when (!cancelled.IsCancellationRequested)
        {
            if (socket is not null)
                CutOff(socket);
            var what = socket is null ? "did not take a connection" : $"took the connection, but {Missing(check.Kind)}";
            return new CheckOutcome($"upstream {upstream} {what} within {check.Timeout.TotalSeconds:0.#} s; check that the service runs and answers", check.Kind);
        }
        catch (SocketException e)
        {
            return new CheckOutcome($"upstream {upstream} broke the connection of a check ({e.SocketErrorCode}), {Missing(check.Kind)}", check.Kind);
        }
        finally
        {
            socket?.Dispose();
        }
    }

    /// <summary>Ends with the token also when the dial does not; what a late dial brings is closed.</summary>
    private async Task<DialOutcome> DialAsync(PlainUpstream upstream, CancellationToken stop)
    {
        var dial = dialer.DialAsync(upstream, stop);
        try
        {
            return await dial.WaitAsync(stop).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = dial.ContinueWith(
                static late =>
                {
                    if (late.IsCompletedSuccessfully && late.Result is DialOutcome.Connected connected)
                    {
                        CutOff(connected.Socket);
                        connected.Socket.Dispose();
                    }
                },
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
            throw;
        }
    }

    private async Task<CheckOutcome> AskAsync(Socket socket, PlainUpstream upstream, UpstreamCheckKind kind, bool listen, CancellationToken stop)
    {
        var buffer = new byte[512];
        switch (kind)
        {
            case UpstreamCheckKind.Tcp:
                return await GreetedAsync(socket, upstream, buffer, listen, stop).ConfigureAwait(false);
            case UpstreamCheckKind.Ssh:
                var read = await socket.ReceiveAsync(buffer, stop).ConfigureAwait(false);
                if (read == 0)
                    return Closed(upstream, kind);
                return await SshAsync(socket, stop).ConfigureAwait(false);
            case UpstreamCheckKind.MySql:
                return await new MySqlHello(socket).AnswerAsync(upstream, ReadOnlyMemory<byte>.Empty, stop).ConfigureAwait(false);
            default:
                return await PostgresAsync(socket, upstream, kind, buffer, stop).ConfigureAwait(false);
        }
    }

    /// <summary>Some that speak first hold it against a host that it leaves without an answer, also when all that is configured is a TCP port.</summary>
    private async Task<CheckOutcome> GreetedAsync(Socket socket, PlainUpstream upstream, byte[] buffer, bool listen, CancellationToken stop)
    {
        var read = 0;
        try
        {
            if (listen)
            {
                using var wait = new CancellationTokenSource(greetingWait ?? DefaultGreetingWait, time);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(wait.Token, stop);
                read = await socket.ReceiveAsync(buffer, either.Token).ConfigureAwait(false);
            }
            else if (socket.Available > 0)
            {
                read = await socket.ReceiveAsync(buffer, stop).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException)
        {
            // Connected it was, which is all that is asked of a service of unknown kind.
        }

        if (buffer.AsSpan(0, read).StartsWith("SSH-"u8))
            return await SshAsync(socket, stop).ConfigureAwait(false);
        return MySqlHello.IsGreeting(buffer.AsSpan(0, read))
            ? await new MySqlHello(socket).AnswerAsync(upstream, buffer.AsMemory(0, read), stop).ConfigureAwait(false)
            : new CheckOutcome(null, UpstreamCheckKind.Tcp);
    }

    /// <summary>With our identification the server logs one line less than without.</summary>
    private static async Task<CheckOutcome> SshAsync(Socket socket, CancellationToken stop)
    {
        await socket.SendAsync(SshIdentification, stop).ConfigureAwait(false);
        return new CheckOutcome(null, UpstreamCheckKind.Ssh);
    }

    private static async Task<CheckOutcome> PostgresAsync(Socket socket, PlainUpstream upstream, UpstreamCheckKind kind, byte[] buffer, CancellationToken stop)
    {
        var question = new byte[8];
        BinaryPrimitives.WriteInt32BigEndian(question, question.Length);
        BinaryPrimitives.WriteInt32BigEndian(question.AsSpan(4), kind == UpstreamCheckKind.Postgres ? 80877104 : 80877103);
        await socket.SendAsync(question, stop).ConfigureAwait(false);
        if (await socket.ReceiveAsync(buffer, stop).ConfigureAwait(false) == 0)
            return Closed(upstream, kind) with { Next = UpstreamCheckKind.PostgresTls };

        // E: a server before version 12, which complains of the question in its log.
        return new CheckOutcome(null, buffer[0] == (byte)'E' ? UpstreamCheckKind.PostgresTls : kind);
    }

    private static CheckOutcome Closed(PlainUpstream upstream, UpstreamCheckKind kind)
        => new($"upstream {upstream} took the connection and closed it, {Missing(kind)}", kind);

    private static string Missing(UpstreamCheckKind kind) => kind switch
    {
        UpstreamCheckKind.Ssh => "no SSH server identified itself",
        UpstreamCheckKind.MySql => "no MySQL server greeted",
        UpstreamCheckKind.Tcp => "nothing more was asked of it",
        _ => "no PostgreSQL server answered",
    };

    private static void CutOff(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (SocketException)
        {
            // The other end was faster.
        }
    }
}
