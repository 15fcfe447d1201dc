using System.CommandLine;
using System.Text.Json;

namespace Connector.Benchmarks.Load;

/// <summary><c>load-client</c>: one measurement against a port, printed as one line of JSON.</summary>
internal static class LoadClientCommand
{
    public static Command Create()
    {
        var port = new Option<int>("--port") { Required = true };
        var measure = new Option<string>("--measure") { Required = true };
        measure.AcceptOnlyFromAmong("download", "upload", "round-trips", "connections", "idle");
        var streams = new Option<int>("--streams") { DefaultValueFactory = _ => 1 };
        var amount = new Option<long>("--amount") { Required = true, Description = "Bytes in total, round trips, milliseconds or idle connections." };
        var command = new Command("load-client", "One measurement (started by compare).") { port, measure, streams, amount };
        command.SetAction(parsed =>
        {
            var (to, count, size) = (parsed.GetValue(port), parsed.GetValue(streams), parsed.GetValue(amount));
            var result = parsed.GetValue(measure) switch
            {
                "download" => Throughput.Measure(to, LoadProtocol.Download, count, size),
                "upload" => Throughput.Measure(to, LoadProtocol.Upload, count, size),
                "round-trips" => RoundTrips.Measure(to, (int)size),
                "connections" => NewConnections.Measure(to, count, TimeSpan.FromMilliseconds(size)),
                _ => IdleConnections.Hold(to, (int)size),
            };
            Console.WriteLine(JsonSerializer.Serialize(result));
            return 0;
        });
        return command;
    }
}
