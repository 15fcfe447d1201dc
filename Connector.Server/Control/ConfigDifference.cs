using System.Collections.Immutable;
using Connector.Server.Store;
using Action = Connector.Protocol.Control.Wire.Action;

namespace Connector.Server.Control;

/// <summary>One item to push: what to do with which socket or plugin.</summary>
internal sealed record ConfigChange(Action Action, ConfigItemKind Kind, DesiredItem Item);

internal enum ConfigItemKind
{
    Socket,
    Plugin,
}

/// <summary>What has to be pushed so that a peer which was told <c>pushed</c> arrives at <c>wanted</c>.</summary>
/// <param name="Changes">Deletions first (they may free a name or a port), then plugins before sockets, each in the order of the wanted state.</param>
/// <param name="ConnectorChanged">Name, organization or heartbeat interval differ.</param>
internal sealed record ConfigDifference(ImmutableArray<ConfigChange> Changes, bool ConnectorChanged)
{
    public bool IsEmpty => Changes.IsEmpty && !ConnectorChanged;

    public static ConfigDifference Between(ConnectorDesiredState pushed, ConnectorDesiredState wanted)
    {
        var changes = ImmutableArray.CreateBuilder<ConfigChange>();
        AddDeletions(changes, ConfigItemKind.Socket, pushed.Sockets, wanted.Sockets);
        AddDeletions(changes, ConfigItemKind.Plugin, pushed.Plugins, wanted.Plugins);
        AddChanges(changes, ConfigItemKind.Plugin, pushed.Plugins, wanted.Plugins);
        AddChanges(changes, ConfigItemKind.Socket, pushed.Sockets, wanted.Sockets);
        var connectorChanged = pushed.Name != wanted.Name || pushed.OrganizationId != wanted.OrganizationId
            || pushed.OrganizationName != wanted.OrganizationName || pushed.HeartbeatInterval != wanted.HeartbeatInterval;
        return new ConfigDifference(changes.ToImmutable(), connectorChanged);
    }

    private static void AddDeletions(
        ImmutableArray<ConfigChange>.Builder changes, ConfigItemKind kind, ImmutableArray<DesiredItem> pushed, ImmutableArray<DesiredItem> wanted)
    {
        var kept = wanted.Select(item => item.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var item in pushed.Where(item => !kept.Contains(item.Id)))
        {
            changes.Add(new ConfigChange(Action.Delete, kind, item));
        }
    }

    private static void AddChanges(
        ImmutableArray<ConfigChange>.Builder changes, ConfigItemKind kind, ImmutableArray<DesiredItem> pushed, ImmutableArray<DesiredItem> wanted)
    {
        var before = new Dictionary<string, DesiredItem>(StringComparer.Ordinal);
        foreach (var item in pushed)
        {
            before[item.Id] = item;
        }

        foreach (var item in wanted)
        {
            if (!before.TryGetValue(item.Id, out var old))
            {
                changes.Add(new ConfigChange(Action.Create, kind, item));
            }
            else if (old != item)
            {
                changes.Add(new ConfigChange(Action.Update, kind, item));
            }
        }
    }
}
