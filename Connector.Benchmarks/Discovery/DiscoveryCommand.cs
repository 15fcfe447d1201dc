using System.CommandLine;
using Connector.Protocol.Plugins;

namespace Connector.Benchmarks.Discovery;

/// <summary><c>discovery</c>: what scans cost.</summary>
internal static class DiscoveryCommand
{
    public static Command Create() => new("discovery", "What the scans of plugins cost: time and memory.") { CreateScan(), CreateTable() };

    private static Command CreateScan()
    {
        var type = new Argument<string>("type") { Description = $"Plugin type: {string.Join(", ", PluginTypes.All)}." };
        var file = new Option<FileInfo>("--config") { Description = "File with the plugin's configuration as JSON.", Required = true };
        var json = new Option<bool>("--json") { Description = "One line of JSON for each discoverer." };
        var command = new Command("scan", "One scan of each discoverer of a plugin: seconds, resources, peak memory of this process.") { type, file, json };
        command.SetAction((parsed, cancellation) => MeasuredScan.RunAsync(parsed.GetValue(type)!, parsed.GetValue(file)!, parsed.GetValue(json), cancellation));
        return command;
    }

    private static Command CreateTable()
    {
        var runs = new Option<int>("--runs") { Description = "Scans of each row, each in a process of its own; the table shows medians.", DefaultValueFactory = _ => 3 };
        var command = new Command("table", "Large sources that answer at once, on loopback: a scan of each, beside its limits.") { runs };
        command.SetAction((parsed, cancellation) => DiscoveryTable.RunAsync(parsed.GetValue(runs), cancellation));
        return command;
    }
}
