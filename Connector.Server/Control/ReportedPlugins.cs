using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>What a connector says of its plugins. Belongs to one actor.</summary>
internal sealed class ReportedPlugins
{
    public const int Most = 1_000;

    private readonly Dictionary<PluginId, ConnectorsProtocol.PluginState> known = [];

    public void Take(ImmutableArray<ConnectorsProtocol.PluginState> reported)
    {
        foreach (var plugin in reported)
        {
            if (plugin.State == "gone")
            {
                known.Remove(plugin.PluginId);
            }
            else if (known.Count < Most || known.ContainsKey(plugin.PluginId))
            {
                known[plugin.PluginId] = plugin;
            }
        }
    }

    public ImmutableArray<ConnectorsProtocol.PluginState> All() => [.. known.Values];

    public void Clear() => known.Clear();
}
