using System.Collections.Immutable;
using Connector.Host.Errors;
using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>The replicas of <c>dev --replicas N</c>: child processes, kept running while one of them can be.</summary>
/// <param name="say">For people, one line; called on any thread.</param>
/// <param name="changed">Called when <see cref="Running"/> has changed, on any thread.</param>
internal sealed class ReplicaFleet(
    ImmutableArray<ChildReplica> children, Func<ChildReplica, Action<string>, ISupervisedProcess> launch, TimeProvider time, Action<string> say, Action changed)
{
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    private readonly ImmutableArray<KeptReplica> kept = [.. children.Select(child => new KeptReplica(child, launch, time, say, changed))];
    private ImmutableArray<Task<string?>> runs = [];

    /// <summary>In their order; what does not run or is still starting is not among them.</summary>
    public ImmutableArray<ReadyReplica> Running => [.. kept.Select(static replica => replica.Ready).OfType<ReadyReplica>()];

    /// <summary>Ends when they were stopped.</summary>
    /// <exception cref="ConnectorError">Every one was given up.</exception>
    public async Task<string> CompletionAsync()
    {
        var reasons = await Task.WhenAll(runs).ConfigureAwait(false);
        return reasons.Contains(null) ? "stopped" : throw NoneLeft("Cannot go on with dev", reasons);
    }

    /// <summary>Starts all, and returns when each runs or is given up.</summary>
    /// <exception cref="ConnectorError">None could be started.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        runs = [.. kept.Select(static replica => Task.Run(replica.RunAsync))];
        while (kept.Zip(runs).Any(static pair => pair is ({ Ready: null }, { IsCompleted: false })))
        {
            await Task.Delay(Poll, time, cancellationToken).ConfigureAwait(false);
        }

        if (Running.IsEmpty && runs.All(static run => run.IsCompleted))
        {
            throw NoneLeft("Cannot start the replicas of dev", await Task.WhenAll(runs).ConfigureAwait(false));
        }
    }

    /// <summary>Asks all to stop, the last first, and kills who has not within the time.</summary>
    /// <param name="atOnce">Kills whoever still runs.</param>
    public Task StopAsync(TimeSpan within, CancellationToken atOnce)
        => Task.WhenAll(kept.Reverse().Select(replica => replica.StopAsync(within, atOnce)));

    private ConnectorError NoneLeft(string what, string?[] reasons) => new(
        what, $"no replica is left: {string.Join("; ", kept.Zip(reasons, static (replica, reason) => $"replica {replica.Number}: {reason}"))}", "See the log above");
}
