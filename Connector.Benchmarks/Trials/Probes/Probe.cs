using System.Diagnostics;
using System.Net.Sockets;
using Connector.Benchmarks.Trials.Streams;

namespace Connector.Benchmarks.Trials.Probes;

/// <summary>A new connection of a user that wants eight bytes back.</summary>
/// <param name="Began">Timestamp of the attempt.</param>
internal sealed record Probe(long Began, TimeSpan Took, ProbeAnswer Answer)
{
    public static async Task<Probe> TryAsync(Func<CancellationToken, Task<Socket>> connect, TimeSpan patience, CancellationToken cancellation)
    {
        var began = Stopwatch.GetTimestamp();
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(patience);
        var answer = ProbeAnswer.Answered;
        try
        {
            using var socket = await connect(timeout.Token);
            var bytes = new byte[LoadService.IdLength];
            await socket.SendAsync(bytes, timeout.Token);
            for (var received = 0; received < bytes.Length && answer == ProbeAnswer.Answered;)
            {
                var count = await socket.ReceiveAsync(bytes.AsMemory(received), timeout.Token);
                received += count;
                answer = count > 0 ? answer : ProbeAnswer.Refused;
            }
        }
        catch (SocketException)
        {
            answer = ProbeAnswer.Refused;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            answer = ProbeAnswer.Hung;
        }

        return new Probe(began, Stopwatch.GetElapsedTime(began), answer);
    }
}
