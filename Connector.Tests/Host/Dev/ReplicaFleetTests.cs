using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.ComponentModel;
using Connector.Host.Dev;
using Connector.Host.Errors;
using Connector.Host.Running;
using Xunit;

namespace Connector.Tests.Host.Dev;

[Trait("kind", Kinds.Contract)]
public sealed class ReplicaFleetTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string folder = Directory.CreateTempSubdirectory("fleet-").FullName;
    private readonly ConcurrentQueue<FakeProcess> started = new();
    private readonly ConcurrentQueue<string> said = new();
    private int changes;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task Replicas_are_listed_by_what_they_say_of_themselves()
    {
        var fleet = Fleet(3, Start);
        await fleet.StartAsync(Cancellation);

        Assert.Equal(["id-1", "id-2", "id-3"], fleet.Running.Select(replica => replica.Id));
        Assert.Equal(started.OrderBy(process => process.Child.Number).Select(process => process.Id), fleet.Running.Select(replica => replica.Pid));
        await StopAsync(fleet);
        Assert.All(started, process => Assert.Equal((true, false), (process.Asked, process.Killed)));
        Assert.Equal("stopped", await fleet.CompletionAsync().WaitAsync(Patience, Cancellation));
    }

    [Fact]
    public async Task Replica_that_was_killed_is_reported_and_comes_back_as_another_process()
    {
        var fleet = Fleet(2, Start);
        await fleet.StartAsync(Cancellation);
        var before = fleet.Running;
        var seen = Volatile.Read(ref changes);

        started.Single(process => process.Id == before[0].Pid).End(137);
        await Eventually.IsTrueAsync(() => fleet.Running.Length == 2 && fleet.Running[0].Pid != before[0].Pid, "the replica is back", Cancellation);

        Assert.Equal(before[1], fleet.Running[1]);
        Assert.Contains("Replica 1 was killed (SIGKILL); it is started again in", string.Join('\n', said));
        await Eventually.IsTrueAsync(() => Volatile.Read(ref changes) >= seen + 2, "gone and back are two changes", Cancellation);
        await StopAsync(fleet);
    }

    [Fact]
    public async Task Replica_that_cannot_begin_is_given_up_with_its_last_words_and_the_others_go_on()
    {
        var fleet = Fleet(2, (child, line) =>
        {
            var process = new FakeProcess(child, line, ready: child.Number == 1);
            if (child.Number == 2)
            {
                line("error: Cannot use the token: it is damaged.");
                process.End(1);
            }

            started.Enqueue(process);
            return process;
        }, new NoTimePasses());

        await fleet.StartAsync(Cancellation);

        Assert.Equal("id-1", Assert.Single(fleet.Running).Id);
        Assert.Equal(5, started.Count(process => process.Child.Number == 2));
        Assert.Contains("Replica 2 is given up: it ended within 2 s of its start 5 times in a row, the last time ended with exit code 1, after \"error: Cannot use the token", string.Join('\n', said));
        Assert.Contains("[2] error: Cannot use the token", string.Join('\n', said));
        Assert.False(fleet.CompletionAsync().IsCompleted);
        await StopAsync(fleet);
    }

    [Fact]
    public async Task Fleet_of_which_none_can_begin_fails_with_the_reason_of_each()
    {
        var fleet = Fleet(2, static (_, _) => throw new Win32Exception("no such program"));

        var failure = await Assert.ThrowsAsync<ConnectorError>(() => fleet.StartAsync(Cancellation));

        Assert.Contains("replica 1: ", failure.Message);
        Assert.Contains("no such program", failure.Message);
        await Assert.ThrowsAsync<ConnectorError>(fleet.CompletionAsync);
    }

    [Fact]
    public async Task Replica_that_does_not_stop_is_killed()
    {
        var fleet = Fleet(1, Stubborn);
        await fleet.StartAsync(Cancellation);

        await fleet.StopAsync(TimeSpan.FromMilliseconds(50), CancellationToken.None).WaitAsync(Patience, Cancellation);

        Assert.Equal((true, true), (Assert.Single(started).Asked, Assert.Single(started).Killed));
        Assert.Contains("did not stop within", string.Join('\n', said));
    }

    [Fact]
    public async Task Second_request_to_stop_kills_at_once()
    {
        using var atOnce = new CancellationTokenSource();
        var fleet = Fleet(2, Stubborn);
        await fleet.StartAsync(Cancellation);
        var stopping = fleet.StopAsync(TimeSpan.FromHours(1), atOnce.Token);
        Assert.All(started, process => Assert.True(process.Asked));

        await atOnce.CancelAsync();

        await stopping.WaitAsync(Patience, Cancellation);
        Assert.All(started, process => Assert.True(process.Killed));
        await Eventually.IsTrueAsync(() => fleet.Running.IsEmpty, "none is listed any more", Cancellation);
    }

    [Fact]
    public async Task Replica_that_waits_to_be_started_again_is_not_while_the_fleet_stops()
    {
        var fleet = Fleet(1, Start);
        await fleet.StartAsync(Cancellation);
        Assert.Single(started).End(1);
        await Eventually.IsTrueAsync(() => fleet.Running.IsEmpty, "its end is known", Cancellation);

        await StopAsync(fleet);

        Assert.Equal("stopped", await fleet.CompletionAsync().WaitAsync(Patience, Cancellation));
    }

    private FakeProcess Start(ChildReplica child, Action<string> line)
    {
        var process = new FakeProcess(child, line);
        started.Enqueue(process);
        return process;
    }

    private FakeProcess Stubborn(ChildReplica child, Action<string> line)
    {
        var process = new FakeProcess(child, line) { Obeys = false };
        started.Enqueue(process);
        return process;
    }

    private ReplicaFleet Fleet(int count, Func<ChildReplica, Action<string>, ISupervisedProcess> launch, TimeProvider? time = null) => new(
        [.. Enumerable.Range(1, count).Select(number => new ChildReplica(number, Path.Combine(folder, $"{number}.json"), [], ImmutableDictionary<string, string?>.Empty))],
        launch, time ?? TimeProvider.System, said.Enqueue, () => Interlocked.Increment(ref changes));

    private static Task StopAsync(ReplicaFleet fleet) => fleet.StopAsync(Patience, CancellationToken.None).WaitAsync(Patience, Cancellation);

    /// <summary>Pauses end as usual, and every life is a short one, also on a machine that is held up.</summary>
    private sealed class NoTimePasses : TimeProvider
    {
        public override long GetTimestamp() => 0;
    }
}
