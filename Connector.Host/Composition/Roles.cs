using Connector.Host.Dev;
using Connector.Host.Running;

namespace Connector.Host.Composition;

/// <summary>How commands start what they run; tests give them others.</summary>
public sealed record Roles(
    Func<ServerRoleOptions, CancellationToken, Task<RunningServer>> StartServer,
    Func<ReplicaRoleOptions, CancellationToken, Task<RunningReplica>> StartReplica)
{
    /// <summary>How <c>dev</c> starts the process of a replica; its lines of log go to the second argument.</summary>
    internal Func<ChildReplica, Action<string>, ISupervisedProcess> StartProcess { get; init; }
        = static (child, line) => SupervisedProcess.Start(OwnProgram.OfProcess(), child.Arguments, child.Environment, line);

    /// <summary>An edge by itself.</summary>
    public Func<EdgeRoleOptions, CancellationToken, Task<RunningEdge>> StartEdge { get; init; } = EdgeRole.StartAsync;

    public static Roles Real { get; } = new(ServerRole.StartAsync, ReplicaRole.StartAsync);
}
