using System.Diagnostics;
using System.Net.Sockets;
using Connector.Benchmarks.Trials.Rig;
using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Upstream;

/// <summary>The service fails in every way a dial can see, and comes back: how fast does the upstream lamp follow, and do live streams notice?</summary>
internal sealed class UpstreamTrial : ITrial
{
    private static readonly TimeSpan MostUntilFollowed = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan GiveUp = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan EchoDeadline = TimeSpan.FromSeconds(5);

    public string Name => "upstream";

    public string Description => "The upstream stops answering, refuses, hangs, comes back: the lamp of GET /socket/{id} (--cuts rounds).";

    public TrialOptions Usual => new(Streams: 20, Cuts: 5, Seconds: 10);

    public TrialOptions Quick => new(Streams: 20, Cuts: 1, Seconds: 5);

    public string? Missing() => OperatingSystem.IsLinux() ? null : "it needs Linux (a full queue drops SYNs).";

    public async Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation)
    {
        await using var rig = await TrialRig.StartAsync(() => TimeSpan.Zero, cancellation);
        await using var upstream = new FaultyUpstream(rig, FreePorts.Take());
        await upstream.ServeAsync();
        var (id, port) = await rig.ServeAsync("upstream", upstream.Port, cancellation);
        var users = new List<Socket>();
        try
        {
            for (var i = 0; i < options.Streams; i++)
            {
                users.Add(await rig.ConnectAsync(port, cancellation));
            }

            var intact = await CountIntactAsync(users, cancellation);
            report.Judge("live streams before", $"{users.Count}", $"{intact}", intact == users.Count);
            await PhaseAsync("at first, healthy", () => Task.CompletedTask, wanted: true);
            for (var round = 1; round <= options.Cuts; round++)
            {
                // A random moment between two checks.
                await Task.Delay(new Random(options.Seed + round).Next(5000), cancellation);
                await PhaseAsync($"{round}: stops answering", () => upstream.StopAnsweringAsync(cancellation), wanted: false);
                await PhaseAsync($"{round}: answers again", upstream.ServeAsync, wanted: true);
                await PhaseAsync($"{round}: refuses", upstream.RefuseAsync, wanted: false);
                await PhaseAsync($"{round}: serves again", upstream.ServeAsync, wanted: true);
                await upstream.HangAsync();
                await Task.Delay(TimeSpan.FromSeconds(options.Seconds), cancellation);
                report.Note($"{round}: accepts and hangs for {options.Seconds} s: upstream lamp (a TCP dial succeeds)", Said(UpstreamLamp.Read(await rig.SocketAsync(id, cancellation))));
                await StreamsAsync($"{round}: accepts and hangs");
                await PhaseAsync($"{round}: back from hanging", upstream.ServeAsync, wanted: true);
            }
        }
        finally
        {
            users.ForEach(user => user.Dispose());
        }

        async Task PhaseAsync(string what, Func<Task> change, bool wanted)
        {
            TrialReport.Progress(what);
            await change();
            var changed = Stopwatch.GetTimestamp();
            bool? lamp;
            while ((lamp = UpstreamLamp.Read(await rig.SocketAsync(id, cancellation))) != wanted && Stopwatch.GetElapsedTime(changed) < GiveUp)
            {
                await Task.Delay(Poll, cancellation);
            }

            var took = Stopwatch.GetElapsedTime(changed);
            report.Judge(
                $"{what}: upstream lamp {Said(wanted)}", TrialReport.Seconds(MostUntilFollowed),
                lamp == wanted ? $"after {TrialReport.Seconds(took)}" : $"{Said(lamp)} after {TrialReport.Seconds(took)}", lamp == wanted && took <= MostUntilFollowed);
            await StreamsAsync(what);
        }

        async Task StreamsAsync(string what)
        {
            var intact = await CountIntactAsync(users, cancellation);
            report.Judge($"{what}: live streams that still echo", $"{users.Count}", $"{intact}", intact == users.Count);
        }
    }

    private static string Said(bool? lamp) => lamp switch
    {
        true => "on",
        false => "off",
        null => "absent or unknown",
    };

    private static async Task<int> CountIntactAsync(List<Socket> users, CancellationToken cancellation)
        => (await Task.WhenAll(users.Select(user => EchoesAsync(user, cancellation)))).Count(echoes => echoes);

    /// <summary>Sixteen random bytes there and back. Between the phases streams are still, so that only dials can tell how the upstream is.</summary>
    private static async Task<bool> EchoesAsync(Socket user, CancellationToken cancellation)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timeout.CancelAfter(EchoDeadline);
        var sent = new byte[16];
        var received = new byte[sent.Length];
        Random.Shared.NextBytes(sent);
        try
        {
            await user.SendAsync(sent, timeout.Token);
            for (var filled = 0; filled < received.Length;)
            {
                var count = await user.ReceiveAsync(received.AsMemory(filled), timeout.Token);
                if (count == 0)
                {
                    return false;
                }

                filled += count;
            }

            return sent.AsSpan().SequenceEqual(received);
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
