using System.Net.Sockets;

namespace Connector.Benchmarks.Load;

/// <summary>Connections that passed one byte each and then stay, until our input ends. Says "holding" once all are there.</summary>
internal static class IdleConnections
{
    private const int Openers = 8;

    public static LoadResult Hold(int port, int count)
    {
        var held = new Socket?[count];
        var next = -1;
        var failed = 0L;
        var threads = Enumerable.Range(0, Openers).Select(_ => new Thread(() =>
        {
            int i;
            while ((i = Interlocked.Increment(ref next)) < count)
            {
                try
                {
                    var connection = held[i] = Transfers.Connect(port);
                    Span<byte> one = [LoadProtocol.Echo];
                    connection.Send(one);
                    Transfers.ReceiveExactly(connection, one);
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

        Console.WriteLine("holding");
        while (Console.Read() >= 0)
        {
        }

        foreach (var connection in held)
        {
            connection?.Dispose();
        }

        return new LoadResult(Failed: failed);
    }
}
