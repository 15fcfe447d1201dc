using Connector.Benchmarks.Contenders;
using Connector.Benchmarks.Trials.Rig;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>The services behind the rig and the streams through it: ssh, psql, echoes, transfers. Owns them; keeps count of what was lost.</summary>
internal sealed class StreamMix : IAsyncDisposable
{
    private const int Openers = 16;
    private const int MostReal = 20;
    private const int Heavy = 8;
    private static readonly TimeSpan FinishDeadline = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan OpenDeadline = TimeSpan.FromSeconds(30);

    private readonly TrialRig rig;
    private readonly RunningContender owned = new();
    private readonly List<Func<CancellationToken, Task<ITrialStream>>> recipes = [];
    private readonly List<StreamOutcome> failures = [];
    private ITrialStream[] streams = [];
    private ulong lastSeed = 1;

    private StreamMix(TrialRig rig) => this.rig = rig;

    public IReadOnlyList<ITrialStream> Streams => streams;

    /// <summary>Of streams lost or altered so far.</summary>
    public IReadOnlyList<StreamOutcome> Failures => failures;

    public int Lost => failures.Count(outcome => outcome.End == StreamEnd.Lost);

    public int Altered => failures.Count(outcome => outcome.End == StreamEnd.Altered);

    public long Bytes { get; private set; }

    /// <summary>What the mix consists of, for the report.</summary>
    public string Description => string.Join(", ", streams.GroupBy(stream => stream.Kind).Select(group => $"{group.Count()} {group.Key}"))
        + (Absent.Count > 0 ? $" ({string.Join(", ", Absent)})" : "");

    private List<string> Absent { get; } = [];

    /// <summary>Starts services and streams; returns once all of them have moved bytes.</summary>
    /// <param name="real">Whether ssh and psql belong to it.</param>
    public static async Task<StreamMix> StartAsync(TrialRig rig, int count, bool real, CancellationToken cancellation)
    {
        var mix = new StreamMix(rig);
        try
        {
            await mix.PlanAsync(count, real, cancellation);
            TrialReport.Progress($"opening {count} streams");
            mix.streams = await OpenAsync(mix.recipes, again: false, cancellation);
            if (mix.CountEnded() > 0)
            {
                throw new InvalidOperationException($"{mix.CountEnded()} streams ended before any fault: {mix.streams.First(s => s.Outcome.IsCompleted).Outcome.Result}");
            }

            mix.ForgetStalls();
            return mix;
        }
        catch
        {
            await mix.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether every stream that has not ended has moved bytes since.</summary>
    public bool HaveAllMoved(long timestamp)
        => streams.All(stream => stream.Outcome.IsCompleted || stream.Meters.All(meter => meter.HasProgressedSince(timestamp)));

    public int CountEnded() => streams.Count(stream => stream.Outcome.IsCompleted);

    public void ForgetStalls()
    {
        foreach (var meter in streams.SelectMany(stream => stream.Meters))
        {
            meter.Take();
        }
    }

    /// <summary>The longest stall since the last call among streams that live, and its kind.</summary>
    public (TimeSpan Stall, string Kind) TakeLongestStall()
        => streams.Where(stream => !stream.Outcome.IsCompleted)
            .SelectMany(stream => stream.Meters.Select(meter => (Stall: meter.Take(), stream.Kind)))
            .DefaultIfEmpty((Stall: TimeSpan.Zero, Kind: "none"))
            .MaxBy(stalled => stalled.Stall);

    /// <summary>Counts the streams that ended by themselves and opens others in their place, so that the load stays what it was.</summary>
    /// <returns>How many.</returns>
    public async Task<int> ReplaceLostAsync(CancellationToken cancellation)
    {
        var ended = Enumerable.Range(0, streams.Length).Where(i => streams[i].Outcome.IsCompleted).ToArray();
        foreach (var i in ended)
        {
            Account(await streams[i].Outcome, asked: false);
            await streams[i].DisposeAsync();
        }

        var others = await OpenAsync([.. ended.Select(i => recipes[i])], again: true, cancellation);
        for (var n = 0; n < ended.Length; n++)
        {
            streams[ended[n]] = others[n];
        }

        return ended.Length;
    }

    /// <summary>Ends every stream in order and compares checksums. What does not end is lost.</summary>
    public async Task FinishAsync(CancellationToken cancellation)
    {
        // Before the wish: who has ended by now did so unasked.
        var ended = streams.Where(stream => stream.Outcome.IsCompleted).ToArray();
        foreach (var stream in ended)
        {
            Account(await stream.Outcome, asked: false);
        }

        var asked = streams.Except(ended).ToArray();
        foreach (var stream in asked)
        {
            stream.Finish();
        }

        try
        {
            await Task.WhenAll(asked.Select(stream => stream.Outcome)).WaitAsync(FinishDeadline, cancellation);
        }
        catch (TimeoutException)
        {
            // Said stream by stream below.
        }

        foreach (var stream in asked)
        {
            Account(
                stream.Outcome.IsCompleted ? await stream.Outcome
                    : new StreamOutcome(StreamEnd.Lost, $"{stream.Kind}: did not end within {FinishDeadline.TotalSeconds:0} s after it was asked to", 0),
                asked: true);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(streams.Select(stream => stream.DisposeAsync().AsTask()));
        await owned.DisposeAsync();
    }

    /// <summary>Opens the streams, each until it has moved bytes.</summary>
    /// <param name="again">Try those that are turned away again: the path may not be back yet.</param>
    private static async Task<ITrialStream[]> OpenAsync(
        IReadOnlyList<Func<CancellationToken, Task<ITrialStream>>> recipes, bool again, CancellationToken cancellation)
    {
        var opened = new ITrialStream[recipes.Count];
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, recipes.Count), new ParallelOptions { MaxDegreeOfParallelism = Openers, CancellationToken = cancellation },
                async (i, stop) => opened[i] = again
                    ? await Connector.Tests.Eventually.SucceedsAsync(() => OpenAsync(recipes[i], stop), "a stream is opened", stop, OpenDeadline)
                    : await OpenAsync(recipes[i], stop));
            return opened;
        }
        catch
        {
            await Task.WhenAll(opened.Where(stream => stream is not null).Select(stream => stream.DisposeAsync().AsTask()));
            throw;
        }
    }

    private static async Task<ITrialStream> OpenAsync(Func<CancellationToken, Task<ITrialStream>> recipe, CancellationToken cancellation)
    {
        var stream = await recipe(cancellation);
        try
        {
            await Connector.Tests.Eventually.IsTrueAsync(
                () => stream.Outcome.IsCompleted || stream.Meters.All(meter => meter.HasProgressedSince(0)), $"a stream ({stream.Kind}) has moved bytes", cancellation, OpenDeadline);
            return stream.Outcome.IsCompleted
                ? throw new InvalidOperationException($"A stream ({stream.Kind}) ended at once: {(await stream.Outcome).Reason}.")
                : stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private void Account(StreamOutcome outcome, bool asked)
    {
        Bytes += outcome.Bytes;
        if (!asked && outcome.End == StreamEnd.Intact)
        {
            outcome = outcome with { End = StreamEnd.Lost, Reason = "ended although nobody asked" };
        }

        if (outcome.End != StreamEnd.Intact)
        {
            failures.Add(outcome);
        }
    }

    private async Task PlanAsync(int count, bool real, CancellationToken cancellation)
    {
        var each = real ? Math.Min(MostReal, count / 10) : 0;
        if (each > 0)
        {
            await PlanSshAsync(each, cancellation);
            await PlanPsqlAsync(each, cancellation);
        }

        // Several sockets: one may take no more than a quarter of the relay's memory.
        var sockets = new List<(LoadService Service, int Port)>();
        foreach (var name in (string[])["echo", "down", "up", "both"])
        {
            var service = owned.Own(new LoadService(rig.Listen()));
            var (_, port) = await rig.ServeAsync(name, service.Port, cancellation);
            sockets.Add((service, port));
        }

        var heavy = Math.Min(Heavy, count / 10);
        for (var i = 0; recipes.Count < count; i++)
        {
            var (service, port) = sockets[i % sockets.Count];
            var pace = i < heavy * 4 && i % 4 != 0 && i / 4 < heavy / 3.0 ? Pace.Heavy : Pace.Light;
            recipes.Add((i % sockets.Count) switch
            {
                0 => async stop => EchoStream.Start(await rig.ConnectAsync(port, stop), service),
                1 => async stop => BulkStream.Start(await rig.ConnectAsync(port, stop), service, pace, up: false, down: true),
                2 => async stop => BulkStream.Start(await rig.ConnectAsync(port, stop), service, pace, up: true, down: false),
                _ => async stop => BulkStream.Start(await rig.ConnectAsync(port, stop), service, pace, up: true, down: true),
            });
        }
    }

    private async Task PlanSshAsync(int count, CancellationToken cancellation)
    {
        if (SshServer.Needs.Any(program => program.Find() is null))
        {
            Absent.Add("no ssh: openssh-server and openssh-client are not installed");
            return;
        }

        var server = owned.Own(await SshServer.StartAsync(cancellation));
        var (_, port) = await rig.ServeAsync("ssh", server.Port, cancellation);
        for (var i = 0; i < count; i++)
        {
            recipes.Add(_ => Task.FromResult<ITrialStream>(SshSession.Start(server, port, Interlocked.Increment(ref lastSeed))));
        }
    }

    private async Task PlanPsqlAsync(int count, CancellationToken cancellation)
    {
        if (PostgresServer.Needs.Any(program => program.Find() is null))
        {
            Absent.Add("no psql: postgresql is not installed");
            return;
        }

        var server = owned.Own(await PostgresServer.StartAsync(cancellation));
        var (_, port) = await rig.ServeAsync("psql", server.Port, cancellation);
        for (var i = 0; i < count; i++)
        {
            var first = 1 + (i * 1_000_000);
            recipes.Add(_ => Task.FromResult<ITrialStream>(PsqlSession.Start(port, first)));
        }
    }
}
