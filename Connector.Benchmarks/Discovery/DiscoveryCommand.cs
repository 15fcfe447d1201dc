using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Connector.Plugins;
using Connector.Protocol.Plugins;

namespace Connector.Benchmarks.Discovery;

/// <summary><c>discovery</c>: one scan of a plugin's configuration, with its time and the most memory that this process took.</summary>
internal static class DiscoveryCommand
{
    public static Command Create()
    {
        var type = new Argument<string>("type") { Description = $"Plugin type: {string.Join(", ", PluginTypes.All)}." };
        var file = new Option<FileInfo>("--config") { Description = "File with the plugin's configuration as JSON.", Required = true };
        var command = new Command("discovery", "One scan of each discoverer of a plugin: seconds, resources, peak memory.") { type, file };
        command.SetAction((parsed, cancellation) => RunAsync(parsed.GetValue(type)!, parsed.GetValue(file)!, cancellation));
        return command;
    }

    private static async Task<int> RunAsync(string type, FileInfo file, CancellationToken cancellation)
    {
        var reading = PluginConfigurationReader.Read(type, await File.ReadAllTextAsync(file.FullName, cancellation), strict: true);
        if (reading.Value is not { } configuration)
        {
            Console.Error.WriteLine(string.Join('\n', reading.Problems));
            return 2;
        }

        foreach (var discoverer in Plugin.CreateDiscoverers(configuration, PluginEnvironment.OfProcess))
        {
            await using (discoverer)
            {
                var watch = Stopwatch.StartNew();
                var work = new Work();
                var found = await discoverer.DiscoverAsync(work, cancellation);
                var seconds = watch.Elapsed.TotalSeconds;
                using var process = Process.GetCurrentProcess();
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{discoverer.DiscoveryId}: {found.Resources.Length} resources, {work.Done} units in {seconds:0.00} s ({work.Done / seconds:0}/s), peak {process.PeakWorkingSet64 / 1_000_000.0:0} MB resident, {found.Warnings.Length} warnings, {found.Gaps.Length} gaps"));
            }
        }

        return 0;
    }

    private sealed class Work : IProgress<DiscoveryProgress>
    {
        public long Done { get; private set; }

        public void Report(DiscoveryProgress value) => Done = Math.Max(Done, value.Done);
    }
}
