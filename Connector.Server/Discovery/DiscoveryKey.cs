using Connector.Protocol.Ids;

namespace Connector.Server.Discovery;

/// <summary>One discoverer of one plugin: what it finds is kept apart from what others find.</summary>
internal readonly record struct DiscoveryKey(PluginId PluginId, string DiscoveryId);
