using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Connector.Benchmarks.Trials.Rig;
using Connector.Benchmarks.Trials.Streams;

namespace Connector.Benchmarks.Trials.Churn;

/// <summary>Very many opens and closes, and what they leave behind in server and replica.</summary>
internal sealed class ChurnTrial : ITrial
{
    private const int OpensPerSample = 10_000;
    private const int FewestSamples = 5;

    // The heap at rest varies by a megabyte or two; over fewer opens that alone would be a slope.
    private const int EnoughForSlope = 100_000;
    private const int HandlesOfGrace = 16;
    private const double MostMegabytesPerHundredThousand = 1;
    private static readonly TimeSpan Quiet = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    public string Name => "churn";

    public string Description => "Opens and closes (--cuts of them, --streams at a time), then handles and memory of server and replica.";

    public TrialOptions Usual => new(Streams: 200, Cuts: 200_000, Seconds: 1);

    public TrialOptions Quick => new(Streams: 200, Cuts: 20_000, Seconds: 1);

    public string? Missing() => OperatingSystem.IsLinux() ? null : "it needs Linux (/proc).";

    public async Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        await using var rig = await TrialRig.StartAsync(() => TimeSpan.Zero, cancellation);
        await using var service = new LoadService(rig.Listen());
        var (_, port) = await rig.ServeAsync("churn", service.Port, cancellation);

        // Code is compiled, pools and heaps have their size before anything is compared.
        var warmUp = Math.Max(options.Streams, options.Cuts / 10);
        TrialReport.Progress($"warming up with {warmUp}");
        var failed = await BurstAsync(rig, port, warmUp, options, cancellation);
        var (server, replica) = (new List<ChurnSample>(), new List<ChurnSample>());
        await SampleAsync(rig, server, replica, 0, cancellation);
        var busy = TimeSpan.Zero;
        var parts = Math.Max(FewestSamples, options.Cuts / OpensPerSample);
        for (var part = 1; part <= parts; part++)
        {
            var clock = Stopwatch.StartNew();
            failed += await BurstAsync(rig, port, options.Cuts / parts, options, cancellation);
            busy += clock.Elapsed;
            await SampleAsync(rig, server, replica, (long)options.Cuts / parts * part, cancellation);
            TrialReport.Progress($"{server[^1].Opens} opens, {failed} failed; server {Said(server[^1])}; replica {Said(replica[^1])}");
        }

        report.Note("opens and closes", $"{server[^1].Opens}, {options.Streams} at a time, {server[^1].Opens / busy.TotalSeconds:0} per second");
        report.Judge("opens that failed", "0", $"{failed}", failed == 0);
        foreach (var (name, samples) in (ReadOnlySpan<(string, List<ChurnSample>)>)[("server", server), ("replica", replica)])
        {
            var (first, last) = (samples[0], samples[^1]);
            report.Judge(
                $"{name}: handles before and after", $"no growth (up to {HandlesOfGrace} of the runtime's own)", $"{first.Handles}, {last.Handles}",
                last.Handles - first.Handles <= HandlesOfGrace);
            var heap = Slope(samples, sample => sample.Heap);
            var (measure, measured) = ($"{name}: managed heap after a full collection, slope per 100,000", $"{Megabytes(heap)} (from {Megabytes(first.Heap)} to {Megabytes(last.Heap)})");
            if (last.Opens >= EnoughForSlope)
            {
                report.Judge(measure, "1 MB", measured, heap / 1e6 <= MostMegabytesPerHundredThousand);
            }
            else
            {
                report.Note($"{measure} (too few opens to judge it)", measured);
            }

            report.Note($"{name}: resident memory, slope per 100,000", $"{Megabytes(Slope(samples, s => s.Resident))} (from {Megabytes(first.Resident)} to {Megabytes(last.Resident)})");
        }

        report.Append(Table(server, replica));
    }

    private static string Said(ChurnSample sample) => $"{sample.Handles} handles, heap {Megabytes(sample.Heap)}, resident {Megabytes(sample.Resident)}";

    private static string Megabytes(double bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.00} MB");

    private static double Slope(IEnumerable<ChurnSample> samples, Func<ChurnSample, long> value)
        => LinearFit.Slope([.. samples.Select(sample => (sample.Opens / 100_000.0, (double)value(sample)))]);

    private static string Table(List<ChurnSample> server, List<ChurnSample> replica)
    {
        var text = new StringBuilder();
        text.AppendLine("| Opens | server handles | heap | resident | replica handles | heap | resident |");
        text.AppendLine("|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var (s, r) in server.Zip(replica))
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| {s.Opens} | {s.Handles} | {Megabytes(s.Heap)} | {Megabytes(s.Resident)} | {r.Handles} | {Megabytes(r.Heap)} | {Megabytes(r.Resident)} |");
        }

        return text.ToString();
    }

    /// <summary>Waits until the edge has no stream left, so that only what was forgotten is counted.</summary>
    private static async Task SampleAsync(TrialRig rig, List<ChurnSample> server, List<ChurnSample> replica, long opens, CancellationToken cancellation)
    {
        await Connector.Tests.Eventually.IsTrueAsync(
            async () => (await rig.ConnectorAsync(cancellation))["replicas"]?.AsArray().All(r => (int?)r?["live_streams"] == 0) ?? false,
            "no stream is left", cancellation, Quiet);
        var taken = await Task.WhenAll(ChurnSample.TakeAsync(rig.Server, opens, cancellation), ChurnSample.TakeAsync(rig.Replica, opens, cancellation));
        server.Add(taken[0]);
        replica.Add(taken[1]);
    }

    /// <returns>How many failed.</returns>
    private static async Task<int> BurstAsync(TrialRig rig, int port, int count, TrialOptions options, CancellationToken cancellation)
    {
        var failed = 0;
        await Parallel.ForEachAsync(
            Enumerable.Range(0, count), new ParallelOptions { MaxDegreeOfParallelism = options.Streams, CancellationToken = cancellation },
            async (i, stop) =>
            {
                if (!await OpenAndCloseAsync(rig, port, abort: i % 5 == 0, stop))
                {
                    Interlocked.Increment(ref failed);
                }
            });
        return failed;
    }

    /// <param name="abort">The user resets instead of closing in order.</param>
    private static async Task<bool> OpenAndCloseAsync(TrialRig rig, int port, bool abort, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(Patience);
        try
        {
            using var socket = await rig.ConnectAsync(port, timeout.Token);
            var bytes = new byte[LoadService.IdLength];
            await socket.SendAsync(bytes, timeout.Token);
            for (var received = 0; received < bytes.Length;)
            {
                var count = await socket.ReceiveAsync(bytes.AsMemory(received), timeout.Token);
                if (count == 0)
                {
                    return false;
                }

                received += count;
            }

            if (abort)
            {
                socket.LingerState = new LingerOption(true, 0);
                return true;
            }

            socket.Shutdown(SocketShutdown.Send);
            return await socket.ReceiveAsync(bytes, timeout.Token) == 0;
        }
        catch (SocketException)
        {
            return false;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }
}
