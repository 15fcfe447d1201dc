using System.Collections.Immutable;
using System.Net;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using WireSocket = Connector.Protocol.Control.EdgeWire.Socket;
using WireVersion = Connector.Protocol.Control.EdgeWire.Version;

namespace Connector.Server.Feed.Wire;

/// <summary>Puts the parts of one stream together. Not thread-safe.</summary>
internal sealed class StateAssembler
{
    private const int MaxPortNumber = 65_535;

    private const int Overhead = 64;

    private readonly Dictionary<SocketId, (EdgeSocket Socket, int Size)> sockets = [];
    private readonly HashSet<string> tickets = [];
    private readonly HashSet<ConnectorId> connectors = [];

    // In force as of the last complete state; what is above is between two states while parts are missing.
    private DesiredStateVersion? complete;
    private DesiredStateVersion? begun;
    private long held;

    /// <summary>Not null when it was the last part.</summary>
    /// <exception cref="FeedProtocolException">Says what was wrong.</exception>
    public EdgeState? Add(StatePart part)
    {
        var version = VersionOf(part.Version);
        if (begun is null)
        {
            Begin(part, version);
        }
        else if (begun != version)
        {
            throw new FeedProtocolException($"a part of state {version} came before state {begun} was complete");
        }

        Take(part);
        if (held > FeedBounds.MaxStateSize)
        {
            throw new FeedProtocolException($"the state is larger than {FeedBounds.MaxStateSize} bytes; delete sockets that are not used");
        }

        if (!part.Last)
        {
            return null;
        }

        (complete, begun) = (version, null);
        return new EdgeState(
            version, [.. sockets.Values.Select(entry => entry.Socket).OrderBy(socket => socket.Id.Value, StringComparer.Ordinal)], [.. part.TicketKeys.Select(KeyOf)], [.. tickets], [.. connectors]);
    }

    private void Begin(StatePart part, DesiredStateVersion version)
    {
        if (part.Base is null)
        {
            sockets.Clear();
            tickets.Clear();
            connectors.Clear();
            held = 0;
        }
        else if (complete is null || VersionOf(part.Base) != complete)
        {
            throw new FeedProtocolException($"changes to state {VersionOf(part.Base)} came, and this edge has {complete?.ToString() ?? "none on this stream"}");
        }

        begun = version;
    }

    private void Take(StatePart part)
    {
        foreach (var wire in part.Sockets)
        {
            var (socket, size) = (SocketOf(wire), wire.CalculateSize() + Overhead);
            Remove(socket.Id);
            sockets[socket.Id] = (socket, size);
            held += size;
        }

        foreach (var id in part.RemovedSockets)
        {
            Remove(new SocketId(id));
        }

        foreach (var id in part.RevokedTickets)
        {
            held += tickets.Add(id) ? SizeOf(id) : 0;
        }

        foreach (var id in part.ForgottenTickets)
        {
            held -= tickets.Remove(id) ? SizeOf(id) : 0;
        }

        foreach (var id in part.Connectors)
        {
            held += connectors.Add(new ConnectorId(id)) ? SizeOf(id) : 0;
        }

        foreach (var id in part.RemovedConnectors)
        {
            held -= connectors.Remove(new ConnectorId(id)) ? SizeOf(id) : 0;
        }
    }

    private static int SizeOf(string id) => id.Length + Overhead;

    private void Remove(SocketId id)
    {
        if (sockets.Remove(id, out var old))
        {
            held -= old.Size;
        }
    }

    internal static DesiredStateVersion VersionOf(WireVersion? version)
        => version is { Incarnation.Length: > 0 and <= FeedBounds.MaxName } ? new(version.Incarnation, version.Number) : throw new FeedProtocolException("a state without a version came");

    private static VerificationKey KeyOf(TicketKey key) => new(key.KeyId, [.. key.SubjectPublicKeyInfo.Span]);

    private static EdgeSocket SocketOf(WireSocket wire)
        => wire.Id.Length is 0 or > FeedBounds.MaxName || wire.Port is < 0 or > MaxPortNumber
            ? throw new FeedProtocolException($"a socket with the id \"{FeedBounds.Cut(wire.Id, 40)}\" and the port {wire.Port} came; that is none")
            : new EdgeSocket(
                new SocketId(wire.Id),
                wire.Name,
                wire.Type,
                [.. wire.ConnectorIds.Select(id => new ConnectorId(id))],
                wire.Port,
                wire.Public,
                Networks(wire.Id, wire.AllowedIps))
            {
                Hedge = wire.Hedge,
                ProxyProtocolFrom = Networks(wire.Id, wire.ProxyProtocolFrom),
            };

    private static ImmutableArray<IPNetwork> Networks(string socket, IEnumerable<string> texts)
        => [.. texts.Select(text => IPNetwork.TryParse(text, out var network)
            ? network
            // Left out it would open or close a socket to others than was meant.
            : throw new FeedProtocolException($"socket {socket} came with \"{FeedBounds.Cut(text, 60)}\", which is no network"))];
}
