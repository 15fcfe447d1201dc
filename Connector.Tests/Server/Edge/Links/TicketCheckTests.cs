using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class TicketCheckTests
{
    private static readonly EdgeTables Tables = EdgeSamples.Tables(EdgeSamples.State(1, [], revoked: ["gone"], connectors: [EdgeSamples.ConnectorA]));
    private static readonly ReplicaId Replica = new("r1");

    [Fact]
    public void Good_ticket_of_the_key_is_accepted()
        => Assert.Null(TicketCheck.Decide(EdgeSamples.Claims(), EdgeSamples.Key, Replica, Tables, EdgeSamples.Now));

    [Fact]
    public void Ticket_of_another_key_is_refused()
        => Assert.Equal(
            RejectCode.KeyMismatch,
            TicketCheck.Decide(EdgeSamples.Claims(), new KeyThumbprint("other"), Replica, Tables, EdgeSamples.Now)?.Code);

    [Fact]
    public void Ticket_of_another_replica_is_refused()
        => Assert.Equal(
            RejectCode.KeyMismatch,
            TicketCheck.Decide(EdgeSamples.Claims(), EdgeSamples.Key, new ReplicaId("r2"), Tables, EdgeSamples.Now)?.Code);

    [Fact]
    public void Ticket_expires_only_after_the_leeway()
    {
        var claims = EdgeSamples.Claims(expires: EdgeSamples.Now);
        Assert.Null(TicketCheck.Decide(claims, EdgeSamples.Key, Replica, Tables, EdgeSamples.Now + TimeSpan.FromSeconds(29)));
        Assert.Equal(
            RejectCode.Ticket,
            TicketCheck.Decide(claims, EdgeSamples.Key, Replica, Tables, EdgeSamples.Now + TimeSpan.FromSeconds(30))?.Code);
    }

    [Fact]
    public void Revoked_ticket_is_refused()
        => Assert.Contains(
            "revoked",
            TicketCheck.Decide(EdgeSamples.Claims("gone"), EdgeSamples.Key, Replica, Tables, EdgeSamples.Now)?.Text,
            StringComparison.Ordinal);

    [Fact]
    public void Ticket_of_a_deleted_connector_is_refused()
        => Assert.Contains(
            "deleted",
            TicketCheck.Decide(EdgeSamples.Claims(connector: EdgeSamples.ConnectorB), EdgeSamples.Key, Replica, Tables, EdgeSamples.Now)?.Text,
            StringComparison.Ordinal);
}
