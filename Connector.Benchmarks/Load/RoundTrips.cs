using System.Diagnostics;

namespace Connector.Benchmarks.Load;

/// <summary>Small messages there and back, one at a time.</summary>
internal static class RoundTrips
{
    public static LoadResult Measure(int port, int count)
    {
        using var connection = Transfers.Connect(port);
        var message = new byte[LoadProtocol.PingLength];
        message[0] = LoadProtocol.Echo;
        var warmUp = count / 10;
        var ticks = new long[count];
        for (var i = -warmUp; i < count; i++)
        {
            var start = Stopwatch.GetTimestamp();
            connection.Send(message);
            Transfers.ReceiveExactly(connection, message);
            if (i >= 0)
            {
                ticks[i] = Stopwatch.GetTimestamp() - start;
            }
        }

        Array.Sort(ticks);
        return new LoadResult(MicrosecondsP50: Microseconds(ticks[count / 2]), MicrosecondsP99: Microseconds(ticks[count * 99 / 100]));
    }

    private static double Microseconds(long ticks) => ticks * 1e6 / Stopwatch.Frequency;
}
