using Connector.Protocol.Ids;

namespace Connector.Host.Composition;

/// <summary>A replica that runs; whether the control plane has accepted it yet is another matter.</summary>
/// <param name="HealthUrl">Ends in a slash; /status is below it. Null when switched off.</param>
/// <param name="Completion">Ends when the replica stopped for good (connector deleted, Stop); the text says why. Faults when it died.</param>
/// <param name="StopAsync">Drains for the configured time, then stops; safe to call twice.</param>
public sealed record RunningReplica(
    ReplicaId ReplicaId, Uri? HealthUrl, Task<string> Completion, Func<CancellationToken, Task> StopAsync)
{
    /// <summary>Streams that run now.</summary>
    public Func<int> Streams { get; init; } = static () => 0;

    /// <summary>Resets the streams that run, so that nobody waits for this replica to come back. Takes less than a second, and never throws.</summary>
    public Func<Task> CutAsync { get; init; } = static () => Task.CompletedTask;

    /// <summary>What <see cref="StopAsync"/> may take.</summary>
    public TimeSpan LongestStop { get; init; } = TimeSpan.FromSeconds(40);
}
