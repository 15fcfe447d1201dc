using System.Net;
using System.Net.Sockets;

namespace Connector.Tests.Processes;

/// <summary>A port on 127.0.0.1 that some program is about to listen on.</summary>
internal static class LoopbackPort
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    /// <summary>Returns once the port accepts; throws with the program's output when it ends or the deadline passes.</summary>
    public static async Task WaitUntilAcceptingAsync(int port, ChildProcess listener, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Deadline);
        while (!await AcceptsAsync(port, cancellation))
        {
            if (listener.HasExited)
            {
                throw new InvalidOperationException(
                    $"The program that should listen on port {port} ended with {await listener.WaitForExitAsync(TimeSpan.FromSeconds(10))}. It wrote:\n{listener.Output}");
            }

            try
            {
                await Task.Delay(Poll, timeout.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"Nothing listened on port {port} within {Deadline.TotalSeconds:0} s. The program wrote:\n{listener.Output}");
            }
        }
    }

    public static async Task<bool> AcceptsAsync(int port, CancellationToken cancellation)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), cancellation);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
