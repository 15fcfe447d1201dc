using System.Net;
using System.Net.Sockets;
using System.Threading.Tasks.Sources;

namespace Connector.Plugins.Network;

/// <summary>
/// Connects, one attempt at a time, without an exception and almost without an allocation for each of the many that fail. Reused by its one worker.
/// </summary>
internal sealed class TcpConnector : IValueTaskSource<SocketError>, IDisposable
{
    /// <summary>Of one attempt.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    private static readonly TimeSpan TimerGrain = TimeSpan.FromMilliseconds(1);

    private readonly SocketAsyncEventArgs arguments = new();
    private readonly TimeProvider time;
    private readonly ITimer patience;
    private readonly Lock gate = new();
    private ManualResetValueTaskSourceCore<SocketError> source = new() { RunContinuationsAsynchronously = true };
    private Socket? connecting;
    private long began;
    private bool isAborted;

    public TcpConnector(TimeProvider time)
    {
        this.time = time;
        patience = time.CreateTimer(static state => ((TcpConnector)state!).GiveUp(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        arguments.Completed += (_, _) => source.SetResult(Ended());
    }

    /// <returns>Success, or why not. The socket is of no use for another attempt.</returns>
    public ValueTask<SocketError> ConnectAsync(Socket socket, IPEndPoint to)
    {
        source.Reset();
        arguments.RemoteEndPoint = to;
        lock (gate)
        {
            if (isAborted)
            {
                return new(SocketError.OperationAborted);
            }

            connecting = socket;
            began = time.GetTimestamp();
        }

        patience.Change(Limit, Timeout.InfiniteTimeSpan);
        try
        {
            return socket.ConnectAsync(arguments) ? new ValueTask<SocketError>(this, source.Version) : new(Ended());
        }
        catch (ObjectDisposedException)
        {
            // Given up before it began.
            Ended();
            return new(SocketError.OperationAborted);
        }
    }

    /// <summary>Ends the attempt that runs, and all later ones.</summary>
    public void Abort()
    {
        lock (gate)
        {
            isAborted = true;
            connecting?.Dispose();
        }
    }

    public SocketError GetResult(short token) => source.GetResult(token);

    public ValueTaskSourceStatus GetStatus(short token) => source.GetStatus(token);

    public void OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
        => source.OnCompleted(continuation, state, token, flags);

    public void Dispose()
    {
        patience.Dispose();
        arguments.Dispose();
    }

    private SocketError Ended()
    {
        lock (gate)
        {
            connecting = null;
        }

        patience.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return arguments.SocketError;
    }

    private void GiveUp()
    {
        lock (gate)
        {
            if (connecting is not { } socket)
            {
                return;
            }

            // The timer of an earlier attempt may come late, and one of this attempt early, by the other clock that timers go by. It comes only once.
            var left = Limit - time.GetElapsedTime(began);
            if (left > TimeSpan.Zero)
            {
                patience.Change(left + TimerGrain, Timeout.InfiniteTimeSpan);
                return;
            }

            socket.Dispose();
        }
    }
}
