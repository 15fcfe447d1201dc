using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using Connector.Benchmarks.Comparison;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Discovery;

/// <summary>Each row is scanned by processes of their own, so that what one row took is not another's peak.</summary>
internal static class DiscoveryTable
{
    private const int Instances = 5_000;
    private const int Containers = 2_000;
    private const int Services = 5_000;

    // A loopback network of its own: nothing is meant to listen there, so every probe is refused at once.
    private const string Network = "127.77.0.0/16";
    private const int Addresses = 65_536;
    private static readonly int[] Ports = [22, 80, 443, 3306, 5432];
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(10);

    private static readonly Row[] Rows =
    [
        new($"{Instances:N0} EC2 instances in pages of 1,000", PluginTypes.AwsEc2, Instances, 200, MostSeconds: 5),
        new($"{Containers:N0} containers", PluginTypes.Docker, Containers, 200, MostSeconds: 5),
        new($"{Services:N0} Kubernetes services in pages of 500", PluginTypes.Kubernetes, Services, 200, MostSeconds: 5),
        new($"{Network}, {Ports.Length} ports, 1,000 probes in flight", PluginTypes.Network, null, 150, LeastPerSecond: 5_000),
    ];

    public static async Task<int> RunAsync(int runs, CancellationToken cancellation)
    {
        using var folder = new TemporaryFolder("discovery");
        await using var sources = await InstantSources.StartAsync(Instances, Containers, Services, cancellation);
        Console.WriteLine($"{DateTime.UtcNow:yyyy-MM-dd}; medians of {runs}; {Environment.ProcessorCount} cores, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}.");
        Console.WriteLine();
        Console.WriteLine("| Scan | found | s | probes per s | peak MB | limits | |");
        Console.WriteLine("|---|---:|---:|---:|---:|---|---|");
        var allMet = true;
        foreach (var row in Rows)
        {
            var file = folder.Write($"{row.Type}.json", Configuration(row.Type, folder, sources));
            var scans = new List<MeasuredScan>();
            for (var run = 0; run < runs; run++)
            {
                scans.Add(await LoadProgram.ScanAsync(row.Type, file, Deadline, cancellation));
            }

            var (seconds, megabytes) = (Sample.MedianOf(scans.Select(static scan => scan.Seconds)), Sample.MedianOf(scans.Select(static scan => scan.Bytes / 1_000_000.0)));
            var rate = Sample.MedianOf(scans.Select(static scan => scan.Units / scan.Seconds));
            var isMet = (row.Found is not { } found || scans.All(scan => scan.Resources == found)) && scans.All(static scan => scan.Gaps == 0)
                && seconds <= row.MostSeconds && rate >= row.LeastPerSecond && megabytes <= row.MostMegabytes;
            allMet &= isMet;
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {row.Title} | {scans[0].Resources} | {seconds:0.00} | {(row.LeastPerSecond > 0 ? $"{rate:0}" : "–")} | {megabytes:0} | {row.Limits} | {(isMet ? "met" : "**missed**")} |"));
        }

        return allMet ? 0 : 1;
    }

    private static string Configuration(string type, TemporaryFolder folder, InstantSources sources) => type switch
    {
        PluginTypes.AwsEc2 => JsonSerializer.Serialize(new
        {
            aws_ec2_discovery_plugin_configuration = new
            {
                scan_interval_minutes = 10,
                aws_regions = new[] { "eu-west-1" },
                aws_credentials = new { aws_access_key_id = "AKIDEXAMPLE", aws_secret_access_key = "secret" },
                aws_endpoint_url = sources.Url,
            },
        }),
        PluginTypes.Docker => JsonSerializer.Serialize(new
        {
            docker_discovery_plugin_configuration = new { scan_interval_minutes = 10, docker_host = $"tcp://127.0.0.1:{sources.Port}" },
        }),
        PluginTypes.Kubernetes => JsonSerializer.Serialize(new
        {
            kubernetes_discovery_plugin_configuration = new
            {
                scan_interval_minutes = 10,
                kubernetes_credentials = new { kubeconfig_path = folder.Write("kubeconfig", sources.Kubeconfig) },
            },
        }),
        _ => JsonSerializer.Serialize(new
        {
            network_discovery_plugin_configuration = new
            {
                scan_interval_minutes = 10,
                targets = new[] { new { target = Network, ports = Ports } },
                max_addresses = Addresses,
                probes_per_second = NetworkDiscoveryConfiguration.MostProbesPerSecond,
                max_in_flight = NetworkDiscoveryConfiguration.UsualInFlight,
            },
        }),
    };

    private sealed record Row(string Title, string Type, int? Found, double MostMegabytes, double MostSeconds = double.PositiveInfinity, double LeastPerSecond = 0)
    {
        public string Limits => double.IsFinite(MostSeconds) ? $"{MostSeconds:0} s, {MostMegabytes:0} MB" : $"{LeastPerSecond:N0}/s, {MostMegabytes:0} MB";
    }
}
