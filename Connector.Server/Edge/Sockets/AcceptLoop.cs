using System.Net;
using System.Net.Sockets;

namespace Connector.Server.Edge.Sockets;

/// <summary>
/// One listening socket and the loop that accepts on it. What is accepted is handed to a callback on the loop's own thread of control, never
/// through a mailbox.
/// </summary>
internal sealed class AcceptLoop : IDisposable
{
    private const int Backlog = 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly Socket listener;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource closed = new();

    private AcceptLoop(Socket listener, TimeProvider time)
    {
        this.listener = listener;
        this.time = time;
        EndPoint = (IPEndPoint)listener.LocalEndPoint!;
    }

    /// <summary>Where it listens, with the real port.</summary>
    public IPEndPoint EndPoint { get; }

    /// <param name="address"><see cref="IPAddress.IPv6Any"/>: IPv4 too; where there is no IPv6, IPv4 alone.</param>
    /// <exception cref="SocketException">The port cannot be had; see <see cref="ListenProblem"/>.</exception>
    public static AcceptLoop Open(IPAddress address, int port, TimeProvider time)
    {
        if (address.Equals(IPAddress.IPv6Any) && !Socket.OSSupportsIPv6)
        {
            address = IPAddress.Any;
        }

        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (address.Equals(IPAddress.IPv6Any))
            {
                listener.DualMode = true;
            }

            // Windows lets another process take over a port that is in use unless this says no; elsewhere it is so by itself.
            if (OperatingSystem.IsWindows())
            {
                listener.ExclusiveAddressUse = true;
            }

            listener.Bind(new IPEndPoint(address, port));
            listener.Listen(Backlog);
            return new AcceptLoop(listener, time);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Runs until <see cref="Dispose"/>. The task never faults.</summary>
    /// <param name="accepted">Takes over the connection. Must not block or throw.</param>
    /// <param name="strained">Accepting failed, for example for want of file descriptors; it is tried again. Called once until it works again.</param>
    public async Task RunAsync(Action<Socket> accepted, Action<SocketException> strained)
    {
        // Leaves the caller's thread (an actor's) at once, also when a connection waits already.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        var pause = TimeSpan.Zero;
        while (!closed.IsCancellationRequested)
        {
            try
            {
                accepted(await listener.AcceptAsync(closed.Token).ConfigureAwait(false));
                pause = TimeSpan.Zero;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionAborted or SocketError.ConnectionReset)
            {
                // The client left between its arrival and our accept.
            }
            catch (SocketException e) when (!closed.IsCancellationRequested)
            {
                // The connection stays in the kernel's queue, so the next accept would fail at once: without a pause this would spin.
                if (pause == TimeSpan.Zero)
                {
                    strained(e);
                }

                pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
                await Task.Delay(pause, time, closed.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
            catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
            {
                return;
            }
        }
    }

    /// <summary>Closes the port. Connections in the kernel's queue are reset; accepted ones are not touched.</summary>
    public void Dispose()
    {
        closed.Cancel();
        listener.Dispose();
    }
}
