using System.Diagnostics;
using System.Net.Sockets;

namespace Connector.Benchmarks.Load;

/// <summary>Connect, one byte there and back, close; several workers for a while.</summary>
internal static class NewConnections
{
    public static LoadResult Measure(int port, int workers, TimeSpan duration)
    {
        Count(port, workers, duration / 4);
        return Count(port, workers, duration);
    }

    private static LoadResult Count(int port, int workers, TimeSpan duration)
    {
        long done = 0, failed = 0;
        var clock = Stopwatch.StartNew();
        var threads = Enumerable.Range(0, workers).Select(_ => new Thread(() =>
        {
            while (clock.Elapsed < duration)
            {
                try
                {
                    One(port);
                    Interlocked.Increment(ref done);
                }
                catch (Exception e) when (e is SocketException or IOException)
                {
                    Interlocked.Increment(ref failed);
                }
            }
        })).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        foreach (var thread in threads)
        {
            thread.Join();
        }

        return new LoadResult(Seconds: clock.Elapsed.TotalSeconds, ConnectionsPerSecond: done / clock.Elapsed.TotalSeconds, Failed: failed);
    }

    private static void One(int port)
    {
        using var connection = Transfers.Connect(port);
        Span<byte> one = [LoadProtocol.Echo];
        connection.Send(one);
        Transfers.ReceiveExactly(connection, one);
    }
}
