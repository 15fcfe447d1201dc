using Connector.Host.Errors;

namespace Connector.Host.Composition;

/// <summary>The connector's actor systems as one of the process's two hosts.</summary>
internal static class ReplicaRole
{
    /// <summary>Returns when the replica runs and its health endpoint answers.</summary>
    /// <exception cref="ConnectorError">The health address is in use, or the journal cannot be opened.</exception>
    public static Task<RunningReplica> StartAsync(ReplicaRoleOptions options, CancellationToken cancellationToken)
        => throw new NotImplementedException($"replica role in {options.State.Path}");
}
