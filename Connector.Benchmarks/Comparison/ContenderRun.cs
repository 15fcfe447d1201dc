using Connector.Benchmarks.Contenders;
using Connector.Benchmarks.Load;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Comparison;

/// <summary>All measures of one freshly started contender.</summary>
internal static class ContenderRun
{
    private const int Workers = 8;
    private const int Many = 16;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(6);

    public static async Task<Sample> MeasureAsync(RunningContender contender, Amounts amounts, CancellationToken cancellation)
    {
        // Idle memory first: after gigabytes of traffic a heap is large enough to hide a thousand streams.
        var idle = await IdleMemoryAsync(contender, amounts.IdleConnections, cancellation);

        var before = CpuTime(contender);
        var downloadOne = await Transfer("download", 1);
        var cpu = CpuTime(contender) - before;

        var uploadOne = await Transfer("upload", 1);
        var downloadMany = await Transfer("download", Many);
        var uploadMany = await Transfer("upload", Many);
        var roundTrips = await LoadProgram.MeasureAsync(contender.Port, "round-trips", 1, amounts.RoundTrips, cancellation);
        var connections = await LoadProgram.MeasureAsync(contender.Port, "connections", Workers, amounts.ConnectionMilliseconds, cancellation);
        Report("new connections", connections);
        return new Sample(
            downloadOne.GigabytesPerSecond, uploadOne.GigabytesPerSecond, downloadMany.GigabytesPerSecond, uploadMany.GigabytesPerSecond,
            roundTrips.MicrosecondsP50, roundTrips.MicrosecondsP99, connections.ConnectionsPerSecond,
            contender.Processes.Count == 0 ? double.NaN : cpu.TotalSeconds / (downloadOne.Bytes / 1e9),
            idle);

        async Task<LoadResult> Transfer(string direction, int streams)
        {
            var result = await LoadProgram.MeasureAsync(contender.Port, direction, streams, amounts.TransferBytes, cancellation);
            Report($"{direction} with {streams}", result);
            return result;
        }
    }

    private static async Task<double> IdleMemoryAsync(RunningContender contender, int count, CancellationToken cancellation)
    {
        await LoadProgram.HoldIdleAsync(contender.Port, count, () => Task.CompletedTask, cancellation);
        if (contender.Processes.Count == 0 || !OperatingSystem.IsLinux())
        {
            return double.NaN;
        }

        await Task.Delay(Settle, cancellation);
        var without = ProcessTree.ResidentBytes(contender.Processes);
        long with = 0;
        var result = await LoadProgram.HoldIdleAsync(contender.Port, count, async () =>
        {
            await Task.Delay(Settle, cancellation);
            with = ProcessTree.ResidentBytes(contender.Processes);
        }, cancellation);
        Report("idle connections", result);
        return (with - without) / 1024.0 / (count - result.Failed);
    }

    private static TimeSpan CpuTime(RunningContender contender)
        => contender.Processes.Count > 0 && OperatingSystem.IsLinux() ? ProcessTree.CpuTime(contender.Processes) : TimeSpan.Zero;

    private static void Report(string what, LoadResult result)
    {
        if (result.Failed > 0)
        {
            Console.Error.WriteLine($"  {what}: {result.Failed} failed");
        }
    }
}
