using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Connector.Benchmarks.Trials.Namespaces;

/// <summary>Sockets of a namespace, made many at a time: entering it takes a thread. Owns those that were not taken.</summary>
internal sealed class SocketStock(NetworkNamespace place) : IDisposable
{
    private const int Batch = 64;

    private readonly ConcurrentQueue<Socket> ready = new();

    public Socket Take()
    {
        Socket? socket;
        while (!ready.TryDequeue(out socket))
        {
            foreach (var made in place.Run(() => Enumerable.Range(0, Batch).Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }).ToArray()))
            {
                ready.Enqueue(made);
            }
        }

        return socket;
    }

    public void Dispose()
    {
        while (ready.TryDequeue(out var socket))
        {
            socket.Dispose();
        }
    }
}
