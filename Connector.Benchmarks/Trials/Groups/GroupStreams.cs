using Connector.Benchmarks.Trials.Streams;
using Connector.Tests;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>Long streams through both edges whose every byte is checked; each knows by which edge and which replica it goes.</summary>
internal sealed class GroupStreams : IAsyncDisposable
{
    private const int Openers = 8;
    private static readonly TimeSpan OpenDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan FinishDeadline = TimeSpan.FromSeconds(60);

    private readonly GroupRig rig;
    private readonly LoadService service;
    private readonly int port;
    private readonly List<StreamOutcome> failures = [];
    private readonly GroupStream[] streams;

    private GroupStreams(GroupRig rig, LoadService service, int port, int count)
    {
        this.rig = rig;
        this.service = service;
        this.port = port;
        streams = new GroupStream[count];
    }

    public string Description => string.Join(", ", streams.GroupBy(stream => stream.Stream.Kind).Select(kind => $"{kind.Count()} {kind.Key}"));

    /// <summary>Streams that ended unasked or with other bytes than were sent, the expected ones included.</summary>
    public IReadOnlyList<StreamOutcome> Failures => failures;

    public int Altered => failures.Count(failure => failure.End == StreamEnd.Altered);

    public static async Task<GroupStreams> StartAsync(GroupRig rig, LoadService service, int port, int count, CancellationToken cancellation)
    {
        var made = new GroupStreams(rig, service, port, count);
        try
        {
            await made.OpenAsync(Enumerable.Range(0, count), cancellation);
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>Over that replica, now.</summary>
    public int CountOver(int replica) => streams.Count(stream => !stream.Stream.Outcome.IsCompleted && stream.Replica == replica);

    /// <summary>Counts those that ended and opens others in their place.</summary>
    /// <param name="isExpected">Of a stream whose edge or replica was ended.</param>
    public async Task<(int Lost, int Expected)> ReplaceEndedAsync(Func<GroupStream, bool> isExpected, CancellationToken cancellation)
    {
        var ended = Enumerable.Range(0, streams.Length).Where(i => streams[i].Stream.Outcome.IsCompleted).ToArray();
        var expected = ended.Count(i => isExpected(streams[i]));
        foreach (var i in ended)
        {
            var (stream, outcome) = (streams[i], await streams[i].Stream.Outcome);
            failures.Add(outcome with
            {
                End = outcome.End == StreamEnd.Altered ? StreamEnd.Altered : StreamEnd.Lost,
                Reason = $"{(isExpected(stream) ? "expected, " : "")}edge {stream.Edge + 1}, replica {stream.Replica + 1}: {outcome.Reason}",
            });
            await stream.Stream.DisposeAsync();
        }

        await OpenAsync(ended, cancellation);
        return (ended.Length - expected, expected);
    }

    /// <summary>Ends every stream in order and compares checksums.</summary>
    /// <returns>How many did not end so.</returns>
    public async Task<int> FinishAsync(CancellationToken cancellation)
    {
        foreach (var stream in streams)
        {
            stream.Stream.Finish();
        }

        await Task.WhenAny(Task.WhenAll(streams.Select(stream => stream.Stream.Outcome)), Task.Delay(FinishDeadline, cancellation));
        var wrong = 0;
        foreach (var stream in streams)
        {
            var outcome = stream.Stream.Outcome.IsCompleted ? await stream.Stream.Outcome : new StreamOutcome(StreamEnd.Lost, "did not end after it was asked to", 0);
            if (outcome.End != StreamEnd.Intact)
            {
                wrong++;
                failures.Add(outcome);
            }
        }

        return wrong;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var stream in streams.Where(stream => stream is not null))
        {
            await stream.Stream.DisposeAsync();
        }
    }

    private Task OpenAsync(IEnumerable<int> places, CancellationToken cancellation) => Parallel.ForEachAsync(
        places, new ParallelOptions { MaxDegreeOfParallelism = Openers, CancellationToken = cancellation },
        async (i, stop) => streams[i] = await Eventually.SucceedsAsync(() => OpenAsync(i, stop), "a stream is opened", stop, OpenDeadline));

    private async Task<GroupStream> OpenAsync(int i, CancellationToken cancellation)
    {
        var edge = i % GroupNamespaces.EdgeAddresses.Count;
        var connection = await rig.ConnectAsync(edge, port, cancellation);
        var (stream, id) = (i / GroupNamespaces.EdgeAddresses.Count % 4) switch
        {
            0 => With(EchoStream.Start(connection, service), echo => echo.Id),
            1 => With(BulkStream.Start(connection, service, Pace.Light, up: false, down: true), bulk => bulk.Id),
            2 => With(BulkStream.Start(connection, service, Pace.Light, up: true, down: false), bulk => bulk.Id),
            _ => With(BulkStream.Start(connection, service, Pace.Light, up: true, down: true), bulk => bulk.Id),
        };
        try
        {
            await Eventually.IsTrueAsync(
                () => stream.Outcome.IsCompleted || stream.Meters.All(meter => meter.HasProgressedSince(0)), "a stream has moved bytes", cancellation, OpenDeadline);
            return stream.Outcome.IsCompleted
                ? throw new InvalidOperationException($"A stream ended at once: {(await stream.Outcome).Reason}.")
                : new GroupStream(stream, edge, service.PlaceOf(id));
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }

        static (ITrialStream Stream, long Id) With<T>(T stream, Func<T, long> id)
            where T : ITrialStream
            => (stream, id(stream));
    }
}
