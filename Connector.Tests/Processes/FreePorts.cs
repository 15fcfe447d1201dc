using System.Net;
using System.Net.Sockets;

namespace Connector.Tests.Processes;

/// <summary>
/// Loopback ports for programs that cannot be told "any". Below the range from which systems take the ports of outgoing connections, so that a port that is
/// free now is not taken by a client in the moment before the program binds it; given out once per process.
/// </summary>
internal static class FreePorts
{
    private const int Lowest = 21_000;
    private const int Highest = 32_000;
    private static readonly Lock Gate = new();
    private static readonly HashSet<int> Given = [];

    public static int Take() => TakeRange(1);

    /// <summary>The first of <paramref name="count"/> consecutive free ports.</summary>
    public static int TakeRange(int count)
    {
        lock (Gate)
        {
            for (var attempt = 0; attempt < 1_000; attempt++)
            {
                var first = Random.Shared.Next(Lowest, Highest - count);
                var range = Enumerable.Range(first, count).ToArray();
                if (range.All(port => !Given.Contains(port) && IsFree(port)))
                {
                    Given.UnionWith(range);
                    return first;
                }
            }
        }

        throw new InvalidOperationException($"Looking for {count} consecutive free ports between {Lowest} and {Highest} found none in 1,000 attempts.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            probe.Bind(new IPEndPoint(IPAddress.Any, port));
            probe.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
