namespace Connector.Benchmarks.Trials.Groups;

/// <summary>What is done to a running group, and undone again.</summary>
internal sealed record GroupEvent(string Name, Func<GroupScene, CancellationToken, Task> Do)
{
    // The control plane is away for so many times as long as a path is.
    private const int TimesAway = 3;

    public static IReadOnlyList<GroupEvent> All { get; } =
    [
        new("leader and the other replicas do not reach each other", (scene, stop) => scene.PartAsync([scene.Leader], stop)),
        new("leader and the control plane do not reach each other", (scene, stop) => scene.PartFromControlAsync(scene.Leader, stop)),
        new("control plane killed; a follower and an edge killed and started meanwhile", (scene, stop) => scene.WithoutControlAsync(scene.Follower, TimesAway, stop)),
        new("a follower and the control plane do not reach each other", (scene, stop) => scene.PartFromControlAsync(scene.Follower, stop)),
        new("no replica reaches another", (scene, stop) => scene.PartAsync([0, 1], stop)),
        new("a follower and the other replicas do not reach each other", (scene, stop) => scene.PartAsync([scene.Follower], stop)),
        new("control plane killed; the leader and an edge killed and started meanwhile", (scene, stop) => scene.WithoutControlAsync(scene.Leader, TimesAway, stop)),
    ];
}
