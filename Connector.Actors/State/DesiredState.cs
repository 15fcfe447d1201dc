using System.Collections.Immutable;
using Connector.Actors.Sockets;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.State;

/// <summary>The versioned whole of sockets and plugins that this replica should serve. Immutable; applying is pure and never fails.</summary>
internal sealed record DesiredState(
    DesiredStateVersion Version,
    ImmutableSortedDictionary<string, SocketDefinition> Sockets,
    ImmutableSortedDictionary<string, PluginDefinition> Plugins)
{
    public const int MostSockets = 10_000;
    public const int MostPlugins = 1_000;

    public static readonly DesiredState Empty = new(
        DesiredStateVersion.None,
        ImmutableSortedDictionary.Create<string, SocketDefinition>(StringComparer.Ordinal),
        ImmutableSortedDictionary.Create<string, PluginDefinition>(StringComparer.Ordinal));

    /// <summary>The record's own equality compares the dictionaries by reference.</summary>
    public bool SameAs(DesiredState other)
        => Version == other.Version && Same(Sockets, other.Sockets) && Same(Plugins, other.Plugins);

    /// <summary>Replaces the whole. An unusable item that was known before keeps its previous definition: only deletion ends streams.</summary>
    public DesiredStateChange Apply(Init init)
    {
        var rejected = ImmutableArray.CreateBuilder<RejectedItem>();
        var sockets = Whole(
            "socket", init.Sockets, s => (s.Id, s.Name), DesiredStateReader.Read, Sockets, Empty.Sockets.ToBuilder(), MostSockets, rejected);
        var plugins = Whole(
            "plugin", init.Plugins, p => (p.Id, p.Name), DesiredStateReader.Read, Plugins, Empty.Plugins.ToBuilder(), MostPlugins, rejected);
        return new DesiredStateChange(new DesiredState(ReadVersion(init.ConfigVersion), sockets, plugins), rejected.DrainToImmutable());
    }

    /// <summary>Creates, updates or deletes one item. Creating one that exists updates it; deleting an unknown one does nothing.</summary>
    public DesiredStateChange Apply(UpdateConfig update)
    {
        var rejected = ImmutableArray.CreateBuilder<RejectedItem>();
        var next = this with { Version = update.ConfigVersion is null ? Version : ReadVersion(update.ConfigVersion) };
        switch (update.ConfigTypeCase)
        {
            case UpdateConfig.ConfigTypeOneofCase.SocketConfig:
                var socket = update.SocketConfig;
                next = next with
                {
                    Sockets = One("socket", update.Action, socket, (socket.Id, socket.Name), DesiredStateReader.Read, Sockets, MostSockets, rejected),
                };
                break;
            case UpdateConfig.ConfigTypeOneofCase.PluginConfig:
                var plugin = update.PluginConfig;
                next = next with
                {
                    Plugins = One("plugin", update.Action, plugin, (plugin.Id, plugin.Name), DesiredStateReader.Read, Plugins, MostPlugins, rejected),
                };
                break;
            default:
                rejected.Add(new RejectedItem("update", "", "", "the update names neither a socket nor a plugin", KeptPrevious: true));
                break;
        }

        return new DesiredStateChange(next, rejected.DrainToImmutable());
    }

    private static ImmutableSortedDictionary<string, TDefinition> Whole<TWire, TDefinition>(
        string kind,
        IEnumerable<TWire> items,
        Func<TWire, (string Id, string Name)> name,
        DesiredStateReader.Reader<TWire, TDefinition> read,
        ImmutableSortedDictionary<string, TDefinition> previous,
        ImmutableSortedDictionary<string, TDefinition>.Builder whole,
        int most,
        ImmutableArray<RejectedItem>.Builder rejected)
    {
        var beyond = 0;
        foreach (var item in items)
        {
            var (id, itemName) = name(item);
            if (whole.Count >= most)
            {
                beyond++;
                continue;
            }

            if (read(item, out var key, out var definition, out var reason))
            {
                if (!whole.TryAdd(key, definition))
                    rejected.Add(new RejectedItem(kind, id, itemName, "its id occurs twice; the first is used", KeptPrevious: true));
                continue;
            }

            var kept = previous.TryGetValue(key, out var known) && whole.TryAdd(key, known);
            rejected.Add(new RejectedItem(kind, id, itemName, reason, kept));
        }

        if (beyond > 0)
            rejected.Add(new RejectedItem(kind, "", "", $"{beyond} more than the {most} that a replica serves", KeptPrevious: false));
        return whole.ToImmutable();
    }

    private static ImmutableSortedDictionary<string, TDefinition> One<TWire, TDefinition>(
        string kind,
        Protocol.Control.Wire.Action action,
        TWire item,
        (string Id, string Name) name,
        DesiredStateReader.Reader<TWire, TDefinition> read,
        ImmutableSortedDictionary<string, TDefinition> current,
        int most,
        ImmutableArray<RejectedItem>.Builder rejected)
    {
        var usable = read(item, out var key, out var definition, out var reason);
        switch (action)
        {
            case Protocol.Control.Wire.Action.Delete:
                return current.Remove(key);
            case Protocol.Control.Wire.Action.Create or Protocol.Control.Wire.Action.Update when usable && (current.ContainsKey(key) || current.Count < most):
                return current.SetItem(key, definition!);
            case Protocol.Control.Wire.Action.Create or Protocol.Control.Wire.Action.Update:
                reason = usable ? $"one more than the {most} that a replica serves" : reason;
                break;
            default:
                reason = $"the action {action} is unknown";
                break;
        }

        rejected.Add(new RejectedItem(kind, name.Id, name.Name, reason, current.ContainsKey(key)));
        return current;
    }

    private static bool Same<T>(ImmutableSortedDictionary<string, T> a, ImmutableSortedDictionary<string, T> b)
        where T : IEquatable<T>
        => a.Count == b.Count && a.All(item => b.TryGetValue(item.Key, out var other) && item.Value.Equals(other));

    private static DesiredStateVersion ReadVersion(ConfigVersion? version)
        => version is null ? DesiredStateVersion.None : new DesiredStateVersion(version.Incarnation, version.Number);
}
