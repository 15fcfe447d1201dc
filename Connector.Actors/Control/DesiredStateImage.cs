using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Control;

/// <summary>
/// The desired state as the control plane pushed it, byte for byte what a replica would have got that was there from the beginning: for those that join later or
/// missed something. Not thread-safe: it belongs to one actor.
/// </summary>
internal sealed class DesiredStateImage
{
    private readonly Init head;
    private readonly Dictionary<string, SocketConfig> sockets = new(StringComparer.Ordinal);
    private readonly Dictionary<string, PluginConfig> plugins = new(StringComparer.Ordinal);

    public DesiredStateImage(Init init)
    {
        head = new Init { ConnectorConfig = init.ConnectorConfig, ConfigVersion = init.ConfigVersion };
        foreach (var socket in init.Sockets)
            sockets[socket.Id] = socket;
        foreach (var plugin in init.Plugins)
            plugins[plugin.Id] = plugin;
    }

    public void Apply(UpdateConfig update)
    {
        head.ConfigVersion = update.ConfigVersion ?? head.ConfigVersion;
        switch (update.ConfigTypeCase)
        {
            case UpdateConfig.ConfigTypeOneofCase.SocketConfig:
                Put(sockets, update.SocketConfig.Id, update.SocketConfig, update.Action);
                break;
            case UpdateConfig.ConfigTypeOneofCase.PluginConfig:
                Put(plugins, update.PluginConfig.Id, update.PluginConfig, update.Action);
                break;
        }
    }

    public Init Whole()
    {
        var whole = head.Clone();
        whole.Sockets.Add(sockets.Values);
        whole.Plugins.Add(plugins.Values);
        return whole;
    }

    private static void Put<T>(Dictionary<string, T> items, string id, T item, Protocol.Control.Wire.Action action)
    {
        if (action == Protocol.Control.Wire.Action.Delete)
            items.Remove(id);
        else
            items[id] = item;
    }
}
