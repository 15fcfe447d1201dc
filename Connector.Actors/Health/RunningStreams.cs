using System.Collections.Concurrent;
using Connector.Protocol.Ids;

namespace Connector.Actors.Health;

/// <summary>The streams that run in this replica, how many and since when. Thread-safe; bounded by the sockets' own limits.</summary>
public sealed class RunningStreams(TimeProvider time)
{
    private readonly ConcurrentDictionary<long, (SocketId Socket, long Began)> running = new();
    private long last;

    public RunningStreams()
        : this(TimeProvider.System)
    {
    }

    /// <summary>Counts a stream until <paramref name="end"/> has completed, however its actors fare.</summary>
    public void Track(SocketId socket, Task end)
    {
        var number = Interlocked.Increment(ref last);
        running[number] = (socket, time.GetTimestamp());
        end.ContinueWith(
            (_, state) => ((RunningStreams)state!).running.TryRemove(number, out var _),
            this, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
    }

    public RunningStreamsState State()
    {
        var perSocket = new Dictionary<SocketId, int>();
        var (count, oldest) = (0, long.MaxValue);
        foreach (var (_, (socket, began)) in running)
        {
            count++;
            oldest = Math.Min(oldest, began);
            perSocket[socket] = perSocket.GetValueOrDefault(socket) + 1;
        }

        return new RunningStreamsState(count, count == 0 ? TimeSpan.Zero : time.GetElapsedTime(oldest), perSocket);
    }
}
