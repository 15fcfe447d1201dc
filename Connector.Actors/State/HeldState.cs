using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Connector.Actors.Sockets;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.State.Stored;
using Google.Protobuf;

namespace Connector.Actors.State;

/// <summary>All that a replica needs of the control plane to serve without it. Immutable; a part that was never pushed is null.</summary>
internal sealed record HeldState(DesiredState? Configuration, Edges? Edges, Secret? Ticket)
{
    public static readonly HeldState Nothing = new(null, null, null);

    public bool IsNothing => this == Nothing;

    /// <summary>Fills what this one lacks: what was pushed since the start is newer than anything from before it.</summary>
    public HeldState Or(HeldState older) => new(Configuration ?? older.Configuration, Edges ?? older.Edges, Ticket ?? older.Ticket);

    public StateSnapshot ToSnapshot()
    {
        var snapshot = new StateSnapshot { Edges = Edges };
        if (Configuration is { } held)
        {
            snapshot.Configuration = new HeldConfiguration();
            if (held.Version != DesiredStateVersion.None)
                snapshot.Configuration.Version = new ConfigVersion { Incarnation = held.Version.Incarnation, Number = held.Version.Number };
            snapshot.Configuration.Sockets.Add(held.Sockets.Values.Select(s => Item(s.Id.Value, s.Name, s.Type, s.ConfigJson)));
            snapshot.Configuration.Plugins.Add(held.Plugins.Values.Select(p => Item(p.Id.Value, p.Name, p.Type, p.ConfigJson)));
        }

        if (Ticket is { } ticket)
            snapshot.Ticket = new Protocol.State.Stored.HeldTicket { Value = ticket.Reveal() };
        return snapshot;
    }

    /// <summary>False when the entries make no sense together: then none of them is to be trusted.</summary>
    /// <param name="snapshot">Null for none.</param>
    public static bool TryRestore(
        IMessage? snapshot, IEnumerable<IMessage> entries, [NotNullWhen(true)] out HeldState? held, out string reason)
    {
        held = null;
        reason = "";
        var state = Nothing;
        switch (snapshot)
        {
            case null:
                break;
            case StateSnapshot whole:
                state = Read(whole);
                break;
            default:
                reason = $"its snapshot is a {snapshot.Descriptor.Name}";
                return false;
        }

        foreach (var entry in entries)
        {
            if (entry is not StateChanges { Changes: var changes })
            {
                reason = $"one of its entries is a {entry.Descriptor.Name}";
                return false;
            }

            foreach (var change in changes)
            {
                // Without the whole before it, a change would make a state in which everything else is deleted.
                if (change.ChangeCase == StateChange.ChangeOneofCase.Update && state.Configuration is null)
                {
                    reason = "it begins with a change of a configuration that it does not have";
                    return false;
                }

                state = state.Apply(change);
            }
        }

        held = state;
        return true;
    }

    private HeldState Apply(StateChange change) => change.ChangeCase switch
    {
        StateChange.ChangeOneofCase.Configuration => this with { Configuration = (Configuration ?? DesiredState.Empty).Apply(change.Configuration).State },
        StateChange.ChangeOneofCase.Update => this with { Configuration = Configuration!.Apply(change.Update).State },
        StateChange.ChangeOneofCase.Edges => this with { Edges = change.Edges },
        StateChange.ChangeOneofCase.Ticket => this with { Ticket = new Secret(change.Ticket.Value) },

        // Of a newer version of the software: what we do not know we may leave out.
        _ => this,
    };

    private static HeldState Read(StateSnapshot snapshot) => new(
        snapshot.Configuration is { } configuration
            ? new DesiredState(
                configuration.Version is { } version ? new DesiredStateVersion(version.Incarnation, version.Number) : DesiredStateVersion.None,
                ById(configuration.Sockets, DesiredState.Empty.Sockets, s => new SocketDefinition(new SocketId(s.Id), s.Name, s.Type, s.ConfigJson)),
                ById(configuration.Plugins, DesiredState.Empty.Plugins, p => new PluginDefinition(new PluginId(p.Id), p.Name, p.Type, p.ConfigJson)))
            : null,
        snapshot.Edges,
        snapshot.Ticket is { } ticket ? new Secret(ticket.Value) : null);

    private static ImmutableSortedDictionary<string, T> ById<T>(
        IEnumerable<HeldItem> items, ImmutableSortedDictionary<string, T> empty, Func<HeldItem, T> read)
    {
        var builder = empty.ToBuilder();
        foreach (var item in items)
            builder[item.Id] = read(item);
        return builder.ToImmutable();
    }

    private static HeldItem Item(string id, string name, string type, string json) => new() { Id = id, Name = name, Type = type, ConfigJson = json };
}
