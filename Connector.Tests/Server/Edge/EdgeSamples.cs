using System.Collections.Immutable;
using System.Net;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Server.Edge.Links;
using Connector.Server.Feed;

namespace Connector.Tests.Server.Edge;

/// <summary>Sockets, states, tickets and HELLOs for tests of the edge.</summary>
internal static class EdgeSamples
{
    public static readonly ConnectorId ConnectorA = new("aaaaaaaa-0000-0000-0000-000000000001");
    public static readonly ConnectorId ConnectorB = new("bbbbbbbb-0000-0000-0000-000000000002");
    public static readonly DateTimeOffset Now = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);
    public static readonly KeyThumbprint Key = new("key-1");

    public static EdgeSocket Socket(
        string id = "web", int port = 0, bool open = true, string[]? allowed = null, ConnectorId[]? connectors = null, string? name = null)
        => new(
            new SocketId(id),
            name ?? id,
            "http",
            [.. connectors ?? [ConnectorA]],
            port,
            open,
            [.. (allowed ?? ["127.0.0.0/8"]).Select(IPNetwork.Parse)]);

    public static EdgeState State(
        long version, EdgeSocket[] sockets, string[]? revoked = null, ConnectorId[]? connectors = null, string[]? keys = null)
        => new(
            new DesiredStateVersion("one", version),
            [.. sockets],
            [.. (keys ?? ["k1"]).Select(key => new VerificationKey(key, []))],
            [.. revoked ?? []],
            [.. connectors ?? [ConnectorA, ConnectorB]]);

    public static TicketClaims Claims(
        string ticketId = "t1", ConnectorId? connector = null, string replica = "r1", KeyThumbprint? key = null, DateTimeOffset? expires = null)
        => new(ticketId, connector ?? ConnectorA, "org", new ReplicaId(replica), key ?? Key, Now, expires ?? Now.AddHours(24));

    public static LaneHello Hello(
        string ticket = "ticket", LinkId? link = null, BootId? boot = null, string replica = "r1", int lane = 1, LaneKind kind = LaneKind.Shared,
        byte min = 1, byte max = 1)
        => new(min, max, link ?? LinkId.New(), boot ?? BootId.New(), lane, kind, new ReplicaId(replica), ticket, []);

    public static EdgeTables Tables(EdgeState state, ITicketVerifier? verifier = null) => new(state, verifier ?? new KnownTickets());
}
