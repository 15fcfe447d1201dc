using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Connector.Benchmarks.Load;

namespace Connector.Benchmarks.Micro;

/// <summary><c>micro idle-memory</c>: what a stream that once carried a byte and now waits keeps, both ends together.</summary>
internal static class IdleMemoryCommand
{
    private const int WarmUpStreams = 64;
    private const int CalibrationPairs = 256;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    public static Command Create()
    {
        var streams = new Option<int>("--streams") { Description = "Idle streams to hold.", DefaultValueFactory = _ => 1000 };
        streams.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
            {
                result.AddError("--streams must be at least 1.");
            }
        });
        var command = new Command("idle-memory", "GC heap and resident memory per idle stream, both ends in this process over TLS lanes.") { streams };
        command.SetAction((parsed, _) => RunAsync(parsed.GetValue(streams)));
        return command;
    }

    private static async Task<int> RunAsync(int count)
    {
        await using var pair = await RelayPair.StartAsync();
        Close(await HoldAsync(pair, WarmUpStreams));
        await EventuallyAsync(() => pair.LiveStreams == 0, "the warm-up streams are forgotten");

        var loadsOwn = LoadsOwnHeapPerStream();
        var heapBefore = Heap();
        var residentBefore = Environment.WorkingSet;
        var held = await HoldAsync(pair, count);
        await EventuallyAsync(() => pair.OutstandingBuffers == 0, "idle streams gave their buffers back");
        var residentAsItStands = Environment.WorkingSet;
        var heap = (double)(Heap() - heapBefore) / count;
        var residentCollected = Environment.WorkingSet;
        Close(held);

        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
            {count} idle streams, both ends together, per stream:
              GC heap: {(heap - loadsOwn) / 1024:0.0} KiB (without the load's own two sockets, {loadsOwn:0} bytes)
              resident, as it stands:            {(residentAsItStands - residentBefore) / 1024.0 / count:0.0} KiB
              resident, after a full collection: {(residentCollected - residentBefore) / 1024.0 / count:0.0} KiB
            The load's sockets are in this process and in its resident memory; compare measures the processes as deployed (at most 32 KiB resident).
            """));
        return 0;
    }

    /// <summary>Opens streams that pass one byte there and one back.</summary>
    private static async Task<(Socket Client, Socket Server)[]> HoldAsync(RelayPair pair, int count)
    {
        var held = new (Socket Client, Socket Server)[count];
        var one = new byte[1];
        for (var i = 0; i < count; i++)
        {
            var (client, server) = held[i] = await pair.OpenAsync();
            client.Send(one);
            Transfers.ReceiveExactly(server, one);
            server.Send(one);
            Transfers.ReceiveExactly(client, one);
        }

        return held;
    }

    private static void Close((Socket Client, Socket Server)[] held)
    {
        foreach (var (client, server) in held)
        {
            client.Dispose();
            server.Dispose();
        }
    }

    private static double LoadsOwnHeapPerStream()
    {
        var pairs = new (Socket Near, Socket Far)[CalibrationPairs];
        var before = Heap();
        for (var i = 0; i < pairs.Length; i++)
        {
            pairs[i] = RelayPair.Connected();
        }

        var own = (double)(Heap() - before) / pairs.Length;
        Close(pairs);
        return own;
    }

    private static long Heap()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return GC.GetTotalMemory(forceFullCollection: true);
    }

    private static async Task EventuallyAsync(Func<bool> condition, string what)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (clock.Elapsed > Deadline)
            {
                throw new TimeoutException($"Waited {Deadline.TotalSeconds:0} s in vain until {what}.");
            }

            await Task.Delay(20);
        }
    }
}
