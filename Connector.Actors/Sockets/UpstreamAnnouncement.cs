using System.Net;
using System.Net.Sockets;
using Connector.Actors.Reach;
using Connector.Relay.ProxyProtocol;

namespace Connector.Actors.Sockets;

/// <summary>Tells an upstream who the client is, by a PROXY protocol header that goes before all else on a fresh connection.</summary>
internal static class UpstreamAnnouncement
{
    // The header fits into the send buffer of a connection that has sent nothing: who does not take it at once is broken.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    /// <summary>The outcome of the dial; a connection only with the header written. What is not returned is closed.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left open.</exception>
    public static async Task<DialOutcome> SendAsync(
        Task<DialOutcome> dial, PlainUpstream upstream, IPEndPoint client, TimeProvider time, CancellationToken cancellationToken)
    {
        var outcome = await dial.ConfigureAwait(false);
        if (outcome is not DialOutcome.Connected connected)
            return outcome;
        try
        {
            using var deadline = new CancellationTokenSource(Deadline, time);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
            await WriteAsync(connected, client, stop.Token).ConfigureAwait(false);
            return connected;
        }
        catch (SocketException e)
        {
            connected.Socket.Dispose();
            return new DialOutcome.Refused(
                $"upstream {upstream} closed the connection before it took the PROXY protocol header ({e.SocketErrorCode}); check that the service expects one");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            connected.Socket.Dispose();
            return new DialOutcome.TimedOut($"upstream {upstream} did not take the PROXY protocol header within {Deadline.TotalSeconds:0} s");
        }
        catch
        {
            connected.Socket.Dispose();
            throw;
        }
    }

    private static async Task WriteAsync(DialOutcome.Connected upstream, IPEndPoint client, CancellationToken cancellationToken)
    {
        var header = new byte[ProxyHeaderCodec.MaxWritten];
        ReadOnlyMemory<byte> left = header.AsMemory(0, ProxyHeaderCodec.Write(header, client, upstream.Address));
        while (!left.IsEmpty)
            left = left[await upstream.Socket.SendAsync(left, SocketFlags.None, cancellationToken).ConfigureAwait(false)..];
    }
}
