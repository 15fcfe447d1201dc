using System.CommandLine;
using System.Globalization;

namespace Connector.Benchmarks.Micro;

/// <summary><c>micro chunk-allocations</c>: what relaying allocates, once it is warm.</summary>
internal static class ChunkAllocationsCommand
{
    private const double Target = 256;
    private const long WarmUpBytes = 512L << 20;
    private const int WarmUpMessages = 20_000;

    public static Command Create()
    {
        var mebibytes = new Option<int>("--mebibytes") { Description = "Relayed one way through one stream.", DefaultValueFactory = _ => 4096 };
        var messages = new Option<int>("--messages") { Description = "64-byte messages there and back.", DefaultValueFactory = _ => 200_000 };
        foreach (var amount in (Option<int>[])[mebibytes, messages])
        {
            amount.Validators.Add(result =>
            {
                if (result.GetValueOrDefault<int>() < 1)
                {
                    result.AddError($"{amount.Name} must be at least 1.");
                }
            });
        }

        var command = new Command("chunk-allocations", "Bytes allocated per relayed chunk and per message, both ends in this process over TLS lanes.")
        {
            mebibytes, messages,
        };
        command.SetAction((parsed, _) => RunAsync((long)parsed.GetValue(mebibytes) << 20, parsed.GetValue(messages)));
        return command;
    }

    private static async Task<int> RunAsync(long bytes, int messages)
    {
        await using var pair = await RelayPair.StartAsync();
        var (client, server) = await pair.OpenAsync();
        using var load = new BlockingLoad(client, server, WarmUpBytes, bytes);
        load.Bulk(WarmUpBytes);
        var bulk = load.Bulk(bytes);
        load.PingPong(WarmUpMessages);
        var pings = load.PingPong(messages);

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            One stream, one way: {bytes / 1e9 / bulk.Elapsed.TotalSeconds:0.00} GB/s, {bulk.Count} chunks of 64 KiB, {bulk.AllocatedBytes} bytes allocated in this process.
              per chunk, both ends together: {bulk.AllocatedEach:0.0} bytes (at most {Target}: {Verdict(bulk.AllocatedEach)})
              per chunk, each end (half):    {bulk.AllocatedEach / 2:0.0} bytes (at most {Target}: {Verdict(bulk.AllocatedEach / 2)})
            64-byte messages there and back: {pings.Count}, {pings.Elapsed.TotalMicroseconds / pings.Count:0.0} µs each on average, {pings.AllocatedBytes} bytes allocated.
              per round trip, both ends together: {pings.AllocatedEach:0.0} bytes
              per message relayed, both ends together: {pings.AllocatedEach / 2:0.0} bytes (at most {Target}: {Verdict(pings.AllocatedEach / 2)})
              per message relayed, each end (half):    {pings.AllocatedEach / 4:0.0} bytes (at most {Target}: {Verdict(pings.AllocatedEach / 4)})
            """));
        return 0;
    }

    private static string Verdict(double bytes) => bytes <= Target ? "met" : "not met";
}
