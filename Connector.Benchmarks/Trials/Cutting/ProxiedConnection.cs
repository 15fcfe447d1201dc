using System.Net.Sockets;
using System.Text;

namespace Connector.Benchmarks.Trials.Cutting;

/// <summary>A connection of the replica to the edge with the proxy between them. Owns both sockets.</summary>
internal sealed class ProxiedConnection
{
    private static readonly byte[] LaneProtocol = Encoding.ASCII.GetBytes("border0-relay/1");

    private readonly Socket replica;
    private readonly Socket edge;
    private readonly ProxyDirection toEdge;
    private readonly ProxyDirection toReplica;
    private readonly Action<ProxiedConnection> recognised;
    private readonly CancellationTokenSource ending = new();
    private volatile ConnectionKind kind;

    /// <param name="recognised">Called once, when the kind is known.</param>
    public ProxiedConnection(Socket replica, Socket edge, Action<ProxiedConnection> recognised)
    {
        this.replica = replica;
        this.edge = edge;
        this.recognised = recognised;
        toEdge = new ProxyDirection(replica, edge) { FirstBytes = Recognise };
        toReplica = new ProxyDirection(edge, replica);
    }

    public ConnectionKind Kind => kind;

    public TimeSpan Latency
    {
        set
        {
            toEdge.Latency = value;
            toReplica.Latency = value;
        }
    }

    /// <summary>Ends when both directions have, or after <see cref="Abort"/>.</summary>
    public async Task RunAsync()
    {
        try
        {
            var directions = new List<Task<bool>> { toEdge.RunAsync(ending.Token), toReplica.RunAsync(ending.Token) };
            while (directions.Count > 0)
            {
                var ended = await Task.WhenAny(directions);
                directions.Remove(ended);
                if (!ended.IsCompletedSuccessfully || !ended.Result)
                {
                    Abort();
                }
            }
        }
        finally
        {
            // Whatever is still open ends as if pulled out.
            Abort();
        }
    }

    public void Cut(CutManner manner)
    {
        switch (manner)
        {
            case CutManner.Reset:
                Abort();
                break;
            case CutManner.ResetEdgeSide:
                Silence();
                Reset(edge);
                break;
            case CutManner.ResetReplicaSide:
                Silence();
                Reset(replica);
                break;
            case CutManner.Drop:
                Silence();
                break;
            case CutManner.DropToEdge:
                toEdge.Drop();
                break;
            case CutManner.DropToReplica:
                toReplica.Drop();
                break;
            case CutManner.Hold:
                Hold();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(manner), manner, "There is no such manner.");
        }
    }

    /// <summary>The fault is over: what was held goes on; a connection with a hole in it ends for both, as when a router has forgotten it.</summary>
    public void EndCut(CutManner manner)
    {
        if (manner == CutManner.Hold)
        {
            Release();
        }
        else
        {
            Abort();
        }
    }

    public void Hold()
    {
        toEdge.Hold();
        toReplica.Hold();
    }

    public void Release()
    {
        toEdge.Release();
        toReplica.Release();
    }

    public void Abort()
    {
        Reset(replica);
        Reset(edge);
        ending.Cancel();
    }

    private static void Reset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already, by the other direction or the peer.
        }

        socket.Close();
    }

    private void Silence()
    {
        toEdge.Drop();
        toReplica.Drop();
    }

    private void Recognise(ReadOnlyMemory<byte> hello)
    {
        kind = hello.Span.IndexOf(LaneProtocol) >= 0 ? ConnectionKind.Lane : ConnectionKind.Control;
        recognised(this);
    }
}
