using System.Diagnostics;
using System.Net.Sockets;

namespace Connector.Benchmarks.Load;

/// <summary>Bulk transfer over connections that have carried a sixteenth of it before the clock starts.</summary>
internal static class Throughput
{
    public static LoadResult Measure(int port, byte direction, int streams, long totalBytes)
    {
        var share = totalBytes / streams;
        var warmUp = share / 16;
        using var start = new Barrier(streams + 1);
        var failures = 0L;
        var threads = Enumerable.Range(0, streams).Select(_ => new Thread(() =>
        {
            try
            {
                Transfer(port, direction, warmUp);
                using var connection = Transfers.Connect(port);
                start.SignalAndWait();
                Run(connection, direction, share);
                start.SignalAndWait();
            }
            catch (Exception e) when (e is SocketException or IOException)
            {
                Console.Error.WriteLine($"A stream failed: {e.Message}");
                Interlocked.Increment(ref failures);
                start.RemoveParticipant();
            }
        })).ToArray();
        foreach (var thread in threads)
        {
            thread.Start();
        }

        start.SignalAndWait();
        var clock = Stopwatch.StartNew();
        start.SignalAndWait();
        var seconds = clock.Elapsed.TotalSeconds;
        foreach (var thread in threads)
        {
            thread.Join();
        }

        var moved = share * (streams - failures);
        return new LoadResult(moved / seconds / 1e9, seconds, moved + (warmUp * streams), Failed: failures);
    }

    private static void Transfer(int port, byte direction, long length)
    {
        using var connection = Transfers.Connect(port);
        Run(connection, direction, length);
    }

    private static void Run(Socket connection, byte direction, long length)
    {
        Transfers.SendRequest(connection, direction, length);
        if (direction == LoadProtocol.Download)
        {
            Transfers.Receive(connection, length);
        }
        else
        {
            Transfers.Send(connection, length);
            Transfers.Receive(connection, 1);
        }
    }
}
