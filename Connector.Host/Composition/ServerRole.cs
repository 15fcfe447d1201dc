using Connector.Host.Errors;

namespace Connector.Host.Composition;

/// <summary>Control plane, edge and portal as one of the process's two hosts.</summary>
internal static class ServerRole
{
    /// <summary>Returns when every listener accepts connections.</summary>
    /// <exception cref="ConnectorError">A port is in use, or the store cannot be opened.</exception>
    public static Task<RunningServer> StartAsync(ServerRoleOptions options, CancellationToken cancellationToken)
        => throw new NotImplementedException($"server role in {options.DataDirectory}");
}
