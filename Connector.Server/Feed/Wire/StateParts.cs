using System.Collections.Immutable;
using System.Net;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using WireSocket = Connector.Protocol.Control.EdgeWire.Socket;
using WireVersion = Connector.Protocol.Control.EdgeWire.Version;

namespace Connector.Server.Feed.Wire;

/// <summary>Cuts states, and what changes from one to the next, into parts of bounded size.</summary>
internal static class StateParts
{
    public static IEnumerable<StatePart> Whole(EdgeState state) => Cut(null, state, Between(null, state));

    /// <summary>Also from one incarnation to another: then the receiver has to have the first.</summary>
    public static IEnumerable<StatePart> Changes(EdgeState from, EdgeState to) => Cut(from, to, Between(from, to));

    /// <summary>All in one, for the disk.</summary>
    public static StatePart One(EdgeState state)
    {
        var part = new StatePart { Version = Of(state.Version), Last = true };
        foreach (var (_, add) in Between(null, state))
        {
            add(part);
        }

        AddKeys(part, state);
        return part;
    }

    public static WireVersion Of(DesiredStateVersion version) => new() { Incarnation = version.Incarnation, Number = version.Number };

    public static WireSocket Of(EdgeSocket socket)
    {
        var wire = new WireSocket { Id = socket.Id.Value, Name = socket.Name, Type = socket.Type, Port = socket.Port, Public = socket.Public, Hedge = socket.Hedge };
        wire.ConnectorIds.AddRange(socket.Connectors.Select(connector => connector.Value));
        wire.AllowedIps.AddRange(Texts(socket.AllowedIps));
        wire.ProxyProtocolFrom.AddRange(Texts(socket.ProxyProtocolFrom));
        return wire;
    }

    private static IEnumerable<StatePart> Cut(EdgeState? from, EdgeState to, IEnumerable<(int Size, Action<StatePart> Add)> items)
    {
        StatePart New() => new() { Version = Of(to.Version), Base = from is null ? null : Of(from.Version) };
        var part = New();
        var size = 0;
        foreach (var (length, add) in items)
        {
            add(part);
            size += length;
            if (size >= FeedBounds.PartSize)
            {
                yield return part;
                (part, size) = (New(), 0);
            }
        }

        AddKeys(part, to);
        part.Last = true;
        yield return part;
    }

    private static IEnumerable<(int Size, Action<StatePart> Add)> Between(EdgeState? from, EdgeState to)
    {
        var had = from?.Sockets.DistinctBy(socket => socket.Id).ToDictionary(socket => socket.Id) ?? [];
        foreach (var socket in to.Sockets)
        {
            if (!had.Remove(socket.Id, out var old) || !old.Equals(socket))
            {
                var wire = Of(socket);
                yield return (wire.CalculateSize() + Overhead, part => part.Sockets.Add(wire));
            }
        }

        foreach (var gone in had.Keys)
        {
            yield return Id(gone.Value, part => part.RemovedSockets);
        }

        foreach (var ticket in to.RevokedTickets.Except(from?.RevokedTickets ?? []))
        {
            yield return Id(ticket, part => part.RevokedTickets);
        }

        foreach (var ticket in (from?.RevokedTickets ?? []).Except(to.RevokedTickets))
        {
            yield return Id(ticket, part => part.ForgottenTickets);
        }

        foreach (var connector in to.Connectors.Except(from?.Connectors ?? []))
        {
            yield return Id(connector.Value, part => part.Connectors);
        }

        foreach (var connector in (from?.Connectors ?? []).Except(to.Connectors))
        {
            yield return Id(connector.Value, part => part.RemovedConnectors);
        }
    }

    /// <summary>Tag and length of an item.</summary>
    private const int Overhead = 6;

    private static (int Size, Action<StatePart> Add) Id(string id, Func<StatePart, Google.Protobuf.Collections.RepeatedField<string>> list)
        => (id.Length + Overhead, part => list(part).Add(id));

    private static void AddKeys(StatePart part, EdgeState state)
        => part.TicketKeys.AddRange(state.TicketKeys.Select(
            key => new TicketKey { KeyId = key.KeyId, SubjectPublicKeyInfo = ByteString.CopyFrom(key.SubjectPublicKeyInfo.AsSpan()) }));

    private static IEnumerable<string> Texts(ImmutableArray<IPNetwork> networks) => networks.Select(network => network.ToString());
}
