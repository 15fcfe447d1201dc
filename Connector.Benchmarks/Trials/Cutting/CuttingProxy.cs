using System.Net;
using System.Net.Sockets;

namespace Connector.Benchmarks.Trials.Cutting;

/// <summary>
/// A TCP proxy on loopback between a replica and one port of the server, whose connections can be cut in the ways networks do. Sees only TLS: frames cannot be told apart here.
/// </summary>
internal sealed class CuttingProxy : IAsyncDisposable
{
    private readonly Socket listener;
    private readonly int target;
    private readonly Func<TimeSpan> latency;
    private readonly Lock gate = new();
    private readonly HashSet<ProxiedConnection> connections = [];
    private readonly Dictionary<ConnectionKind, NewConnections> arrivals = [];
    private readonly Dictionary<ConnectionKind, int> recognised = [];
    private readonly Task accepting;

    private CuttingProxy(Socket listener, int target, Func<TimeSpan> latency)
    {
        this.listener = listener;
        this.target = target;
        this.latency = latency;
        Port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        accepting = AcceptAsync();
    }

    public int Port { get; }

    /// <param name="port">Where the replica dials.</param>
    /// <param name="target">The server's port on loopback.</param>
    /// <param name="latency">Asked for each new connection.</param>
    public static CuttingProxy Start(int port, int target, Func<TimeSpan> latency)
    {
        var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            listener.Bind(new IPEndPoint(IPAddress.Loopback, port));
            listener.Listen(256);
            return new CuttingProxy(listener, target, latency);
        }
        catch
        {
            listener.Dispose();
            throw;
        }
    }

    /// <summary>Connections that live now.</summary>
    public IReadOnlyList<ProxiedConnection> Live(ConnectionKind kind)
    {
        lock (gate)
        {
            return [.. connections.Where(connection => connection.Kind == kind)];
        }
    }

    /// <summary>Connections since the start, refused ones included.</summary>
    public int Seen(ConnectionKind kind)
    {
        lock (gate)
        {
            return recognised.GetValueOrDefault(kind);
        }
    }

    /// <summary>What happens to connections of this kind from now on. With <see cref="NewConnections.Pass"/> those that were held go on.</summary>
    public void Treat(ConnectionKind kind, NewConnections arriving)
    {
        ProxiedConnection[] held;
        lock (gate)
        {
            arrivals[kind] = arriving;
            held = arriving == NewConnections.Pass ? [.. connections.Where(connection => connection.Kind == kind)] : [];
        }

        foreach (var connection in held)
        {
            connection.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        listener.Dispose();
        await accepting;
        ProxiedConnection[] left;
        lock (gate)
        {
            left = [.. connections];
        }

        foreach (var connection in left)
        {
            connection.Abort();
        }
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            Socket arrived;
            try
            {
                arrived = await listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            _ = RelayAsync(arrived);
        }
    }

    private async Task RelayAsync(Socket replica)
    {
        replica.NoDelay = true;
        var edge = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await edge.ConnectAsync(IPAddress.Loopback, target);
        }
        catch (SocketException)
        {
            replica.LingerState = new LingerOption(true, 0);
            replica.Dispose();
            edge.Dispose();
            return;
        }

        var connection = new ProxiedConnection(replica, edge, Recognised) { Latency = latency() };
        lock (gate)
        {
            connections.Add(connection);
        }

        try
        {
            await connection.RunAsync();
        }
        finally
        {
            lock (gate)
            {
                connections.Remove(connection);
            }
        }
    }

    private void Recognised(ProxiedConnection connection)
    {
        NewConnections treatment;
        lock (gate)
        {
            recognised[connection.Kind] = recognised.GetValueOrDefault(connection.Kind) + 1;
            treatment = arrivals.GetValueOrDefault(connection.Kind);

            // Under the lock: the end of the fault must not pass between looking and holding.
            if (treatment == NewConnections.Hold)
            {
                connection.Hold();
            }
        }

        if (treatment == NewConnections.Refuse)
        {
            connection.Abort();
        }
    }
}
