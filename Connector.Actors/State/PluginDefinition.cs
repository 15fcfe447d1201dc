using Connector.Protocol.Ids;

namespace Connector.Actors.State;

/// <summary>A plugin as the control plane wants it run.</summary>
/// <param name="ConfigJson">JSON with sorted keys.</param>
public sealed record PluginDefinition(PluginId Id, string Name, string Type, string ConfigJson);
