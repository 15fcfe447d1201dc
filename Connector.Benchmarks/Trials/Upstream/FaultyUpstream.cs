using System.Net;
using System.Net.Sockets;
using Connector.Benchmarks.Trials.Rig;
using Connector.Benchmarks.Trials.Streams;

namespace Connector.Benchmarks.Trials.Upstream;

/// <summary>
/// An echo service on a fixed port that can stop answering (its kernel drops the SYNs, because the queue is full), hang after accepting, refuse, and come back. Connections that it
/// has accepted go on through all of it.
/// </summary>
internal sealed class FaultyUpstream(TrialRig rig, int port) : IAsyncDisposable
{
    private const int MostFillers = 64;
    private static readonly TimeSpan Filling = TimeSpan.FromSeconds(1);

    private readonly List<Socket> accepted = [];
    private readonly List<Socket> fillers = [];
    private Socket? listener;
    private Task accepting = Task.CompletedTask;
    private volatile bool hanging;

    public int Port => port;

    /// <summary>Accepts, and echoes.</summary>
    public async Task ServeAsync()
    {
        await CloseAsync();
        hanging = false;
        Open(backlog: 512);
    }

    /// <summary>Accepts, and never reads nor writes.</summary>
    public async Task HangAsync()
    {
        await CloseAsync();
        hanging = true;
        Open(backlog: 512);
    }

    /// <summary>No listener: a reset answers every SYN.</summary>
    public Task RefuseAsync() => CloseAsync();

    /// <summary>Listens, accepts nothing, and has its queue full: SYNs are dropped and a dial waits in vain.</summary>
    public async Task StopAnsweringAsync(CancellationToken cancellation)
    {
        await CloseAsync();
        listener = rig.Listen(backlog: 1, port);
        for (var i = 0; i < MostFillers; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            fillers.Add(filler);
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            timeout.CancelAfter(Filling);
            try
            {
                await filler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), timeout.Token);
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                return;
            }
        }

        throw new InvalidOperationException($"The queue of port {port} took {MostFillers} connections and was not full: this system does not drop SYNs.");
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        lock (accepted)
        {
            accepted.ForEach(socket => socket.Dispose());
        }
    }

    private void Open(int backlog)
    {
        listener = rig.Listen(backlog, port);
        accepting = AcceptAsync(listener);
    }

    private async Task CloseAsync()
    {
        listener?.Dispose();
        listener = null;
        fillers.ForEach(socket => socket.Dispose());
        fillers.Clear();
        await accepting;
    }

    private async Task AcceptAsync(Socket open)
    {
        while (true)
        {
            Socket connection;
            try
            {
                connection = await open.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            lock (accepted)
            {
                accepted.Add(connection);
            }

            if (!hanging)
            {
                _ = EchoAsync(connection);
            }
        }
    }

    private static async Task EchoAsync(Socket connection)
    {
        try
        {
            await LoadService.EchoAsync(connection);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The user went away; the stream's own end says so.
        }
        finally
        {
            connection.Dispose();
        }
    }
}
