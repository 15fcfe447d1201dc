namespace Connector.Host.Composition;

/// <summary>How commands start what they run; tests give them others.</summary>
public sealed record Roles(
    Func<ServerRoleOptions, CancellationToken, Task<RunningServer>> StartServer,
    Func<ReplicaRoleOptions, CancellationToken, Task<RunningReplica>> StartReplica)
{
    /// <summary>An edge by itself.</summary>
    public Func<EdgeRoleOptions, CancellationToken, Task<RunningEdge>> StartEdge { get; init; } = EdgeRole.StartAsync;

    public static Roles Real { get; } = new(ServerRole.StartAsync, ReplicaRole.StartAsync);
}
