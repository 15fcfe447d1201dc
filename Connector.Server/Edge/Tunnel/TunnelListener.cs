using Connector.Relay.Lanes;
using System.Net;
using System.Net.Sockets;
using Connector.Server.Edge.Sockets;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Edge.Tunnel;

/// <summary>The tunnel port: accepts connections of replicas and hands them to the <see cref="LaneAcceptor"/>.</summary>
internal sealed class TunnelListener(EdgeOptions options, LaneAcceptor acceptor, TimeProvider time, ILogger<TunnelListener> log) : IAsyncDisposable
{
    private readonly CancellationTokenSource stopped = new();
    private AcceptLoop? loop;
    private Task running = Task.CompletedTask;

    /// <summary>Null before <see cref="Start"/>.</summary>
    public IPEndPoint? EndPoint => loop?.EndPoint;

    /// <exception cref="EdgeStartException">The port cannot be had.</exception>
    public void Start()
    {
        try
        {
            loop = AcceptLoop.Open(options.BindAddress, options.TunnelPort, time);
        }
        catch (SocketException e)
        {
            var problem = ListenProblem.Describe(
                options.BindAddress, options.TunnelPort, e.SocketErrorCode, "give the edge another tunnel port (--tunnel-port)");
            throw new EdgeStartException($"the edge could not open its tunnel port: {problem}", e);
        }

        running = loop.RunAsync(
            Accept, e => log.LogWarning("the tunnel port cannot accept: {Reason}; trying again, replicas wait in the queue", e.Message));
        log.LogInformation("the tunnel port listens on {EndPoint}", loop.EndPoint);
    }

    public async ValueTask DisposeAsync()
    {
        await stopped.CancelAsync().ConfigureAwait(false);
        loop?.Dispose();
        await running.ConfigureAwait(false);
    }

    private void Accept(Socket socket)
    {
        EndPoint? remote;
        LaneTransport stream;
        try
        {
            socket.NoDelay = true;
            remote = socket.RemoteEndPoint;
            stream = new LaneTransport(socket);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or IOException)
        {
            socket.Dispose();
            return;
        }

        _ = acceptor.AcceptAsync(stream, remote, socket, stopped.Token);
    }
}
