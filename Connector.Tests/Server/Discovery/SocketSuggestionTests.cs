using System.Collections.Immutable;
using Connector.Protocol.Discovery;
using Connector.Protocol.Sockets;
using Connector.Server.Discovery;
using Xunit;

namespace Connector.Tests.Server.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class SocketSuggestionTests
{
    [Theory]
    [InlineData(ResourceTypes.NetworkSshServer, "ssh")]
    [InlineData(ResourceTypes.NetworkHttpServer, "http")]
    [InlineData(ResourceTypes.NetworkHttpsServer, "http")]
    [InlineData(ResourceTypes.NetworkMysqlServer, "database")]
    [InlineData(ResourceTypes.NetworkPostgresqlServer, "database")]
    [InlineData(ResourceTypes.NetworkVncServer, "vnc")]
    [InlineData(ResourceTypes.NetworkRdpServer, "rdp")]
    public void Server_on_the_network_gets_the_socket_of_its_kind(string resource, string socket)
        => Assert.Equal((socket, "10.0.0.7", 1234), Served(new DiscoveredResource(resource, new NetworkServerDetails { IpAddress = "10.0.0.7", Port = "1234" })));

    [Theory]
    [InlineData("postgres", "database")]
    [InlineData("aurora-mysql", "database")]
    [InlineData("sqlserver-ex", "database")]
    [InlineData("oracle-se2", "tls")]
    public void Database_of_rds_gets_its_protocol(string engine, string socket)
        => Assert.Equal((socket, "db.example", 1521), Served(new DiscoveredResource(
            ResourceTypes.AwsRdsInstance, new AwsRdsInstanceDetails { AwsArn = "a", Engine = engine, EndpointAddress = "db.example", EndpointPort = 1521 })));

    [Fact]
    public void Service_of_kubernetes_is_dialled_at_its_cluster_address()
        => Assert.Equal(("database", "10.96.0.9", 5432), Served(new DiscoveredResource(
            ResourceTypes.KubernetesService,
            new KubernetesServiceDetails
            {
                Uid = "u", Name = "db", Namespace = "shop", ClusterIp = "10.96.0.9",
                Ports = [new() { Port = 53, Protocol = "UDP" }, new() { Port = 5432, Protocol = "TCP" }],
            })));

    [Theory]
    [InlineData("/My_Web.1", "my-web-1")]
    [InlineData("/___", "found")]
    [InlineData("/\u001b[31mx", "31mx")]
    [InlineData("/11111111-1111-1111-1111-111111111111", "found-11111111-1111-1111-1111-111111111111")]
    public void Name_can_be_a_socket_s(string container, string expected)
    {
        var details = new DockerContainerDetails { ContainerId = "1", Names = [container], PortBindings = ImmutableSortedDictionary<string, string>.Empty.Add("[::]:81", "7/tcp") };
        var suggestion = SocketSuggestion.For(new DiscoveredResource(ResourceTypes.DockerContainer, details))!;
        Assert.Equal((expected, "tls"), (suggestion.Name, suggestion.Type));
    }

    [Fact]
    public void Long_name_is_cut()
        => Assert.Equal(63, SocketSuggestion.For(new DiscoveredResource(
            ResourceTypes.NetworkSshServer, new NetworkServerDetails { IpAddress = "::1", Port = "22", Hostnames = [new string('a', 200)] }))!.Name.Length);

    [Fact]
    public void Without_an_address_there_is_none()
    {
        Assert.Null(SocketSuggestion.For(new DiscoveredResource(ResourceTypes.AwsEcsService, new AwsEcsServiceDetails { AwsArn = "a" })));
        Assert.Null(SocketSuggestion.For(new DiscoveredResource(ResourceTypes.AwsRdsInstance, new AwsRdsInstanceDetails { AwsArn = "a" })));
        Assert.Null(SocketSuggestion.For(new DiscoveredResource(ResourceTypes.KubernetesService, new KubernetesServiceDetails { Uid = "u", ClusterIp = "None", Ports = [new() { Port = 80 }] })));
    }

    /// <summary>As a replica will read it.</summary>
    private static (string Type, string Host, int Port) Served(DiscoveredResource resource)
    {
        var suggestion = SocketSuggestion.For(resource)!;
        var reading = SocketConfigurationReader.ReadUpstream(suggestion.Upstream, strict: true);
        Assert.Empty(reading.Problems);
        var relay = Assert.IsType<SocketUpstream.PlainRelay>(SocketUpstream.Resolve(new SocketConfiguration { UpstreamConfiguration = reading.Value }));
        return (suggestion.Type, relay.Host, relay.Port);
    }
}
