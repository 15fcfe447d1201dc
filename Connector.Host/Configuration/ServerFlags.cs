using Connector.Server.Edge;

namespace Connector.Host.Configuration;

/// <summary>The flags of <c>server</c> and <c>dev</c>.</summary>
public sealed record ServerFlags(
    string? ConfigFile = null, string? DataDirectory = null, int? HttpsPort = null, int? HttpPort = null, int? TunnelPort = null,
    PortRange? EdgePorts = null, string? Roles = null, string? TunnelAddress = null, string? Health = null);
