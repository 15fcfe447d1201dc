using Connector.Host.Configuration;

namespace Connector.Host.Composition;

/// <summary>All that an edge of its own is told. The data directory belongs to the caller and outlives the role.</summary>
public sealed record EdgeRoleOptions(EdgeSettings Settings, string DataDirectory);
