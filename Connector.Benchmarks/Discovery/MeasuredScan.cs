using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Connector.Actors.Reach;
using Connector.Plugins;
using Connector.Protocol.Plugins;

namespace Connector.Benchmarks.Discovery;

/// <summary>One scan.</summary>
/// <param name="Units">What was asked: probes, instances, containers, services.</param>
/// <param name="Bytes">Most that the whole process had resident.</param>
internal sealed record MeasuredScan(string DiscoveryId, int Resources, long Units, double Seconds, long Bytes, int Warnings, int Gaps)
{
    public static async Task<int> RunAsync(string type, FileInfo file, bool isJson, CancellationToken cancellation)
    {
        var reading = PluginConfigurationReader.Read(type, await File.ReadAllTextAsync(file.FullName, cancellation), strict: true);
        if (reading.Value is not { } configuration)
        {
            await Console.Error.WriteLineAsync(string.Join('\n', reading.Problems));
            return 2;
        }

        foreach (var discoverer in Plugin.CreateDiscoverers(configuration, PluginEnvironment.OfProcess(ReachPolicy.Floor.Forbids)))
        {
            await using (discoverer)
            {
                var scan = await MeasureAsync(discoverer, cancellation);
                Console.WriteLine(isJson ? JsonSerializer.Serialize(scan) : scan.ToString());
            }
        }

        return 0;
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{DiscoveryId}: {Resources} resources, {Units} units in {Seconds:0.00} s ({Units / Seconds:0}/s), peak {Bytes / 1_000_000.0:0} MB resident, {Warnings} warnings, {Gaps} gaps");

    private static async Task<MeasuredScan> MeasureAsync(IDiscoverer discoverer, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var work = new Work();
        var found = await discoverer.DiscoverAsync(work, cancellation);
        var seconds = watch.Elapsed.TotalSeconds;
        using var process = Process.GetCurrentProcess();
        return new MeasuredScan(discoverer.DiscoveryId, found.Resources.Length, work.Done, seconds, process.PeakWorkingSet64, found.Warnings.Length, found.Gaps.Length);
    }

    private sealed class Work : IProgress<DiscoveryProgress>
    {
        public long Done { get; private set; }

        public void Report(DiscoveryProgress value) => Done = Math.Max(Done, value.Done);
    }
}
