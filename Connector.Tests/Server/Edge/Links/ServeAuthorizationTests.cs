using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Server.Edge.Links;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class ServeAuthorizationTests
{
    private static readonly EdgeTables Tables = EdgeSamples.Tables(EdgeSamples.State(
        1, [EdgeSamples.Socket("web"), EdgeSamples.Socket("orphan", connectors: [EdgeSamples.ConnectorB])], connectors: [EdgeSamples.ConnectorA]));

    [Fact]
    public void Connector_of_the_socket_may_serve_it()
        => Assert.Equal(ServeCode.Accepted, ServeAuthorization.Decide(Tables, EdgeSamples.ConnectorA, new SocketId("web")));

    [Fact]
    public void Socket_that_the_edge_does_not_know_is_unknown()
        => Assert.Equal(ServeCode.Unknown, ServeAuthorization.Decide(Tables, EdgeSamples.ConnectorA, new SocketId("other")));

    [Fact]
    public void Socket_of_another_connector_is_forbidden()
        => Assert.Equal(ServeCode.Forbidden, ServeAuthorization.Decide(Tables, EdgeSamples.ConnectorA, new SocketId("orphan")));

    [Fact]
    public void Connector_that_does_not_exist_serves_nothing()
        => Assert.Equal(ServeCode.Forbidden, ServeAuthorization.Decide(Tables, EdgeSamples.ConnectorB, new SocketId("orphan")));

    [Fact]
    public void Edge_that_has_heard_nothing_lets_nobody_serve()
        => Assert.Equal(ServeCode.Forbidden, ServeAuthorization.Decide(EdgeTables.Nothing, EdgeSamples.ConnectorA, new SocketId("web")));
}
