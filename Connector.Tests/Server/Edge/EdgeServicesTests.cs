using System.Net;
using Akka.Actor;
using Connector.Protocol.Ids;
using Connector.Server.Edge;
using Connector.Server.Feed;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Connector.Tests.Server.Edge;

[Trait("kind", Kinds.Stream)]
public sealed class EdgeServicesTests : Akka.TestKit.Xunit.TestKit
{
    [Fact]
    public async Task Registered_edge_starts_and_stops_with_its_host_and_takes_lanes_of_the_https_port()
    {
        var feed = new FakeFeed();
        using var certificate = LaneCertificates.Create("edge");
        var services = new ServiceCollection()
            .AddLogging()
            .AddSingleton<IEdgeFeed>(feed)
            .AddSingleton<ActorSystem>(Sys)
            .AddEdge(_ => new EdgeOptions
            {
                EdgeId = new EdgeId("edge"),
                ServerCertificate = LaneCertificates.Context(certificate),
                BindAddress = IPAddress.Loopback,
                TunnelPort = 0,
                SocketPorts = null,
            });
        await using var provider = services.BuildServiceProvider();
        var edge = provider.GetRequiredService<EdgeNode>();
        Assert.Same(edge, provider.GetRequiredService<ILaneAcceptor>());
        var hosted = Assert.Single(provider.GetServices<IHostedService>());
        Assert.Same(edge, hosted);
        Assert.Throws<InvalidOperationException>(() => edge.TunnelEndPoint);
        await hosted.StartAsync(CancellationToken.None);
        await using (await LaneDialer.ConnectAsync(edge.TunnelEndPoint))
        {
            feed.Push(EdgeSamples.State(1, [EdgeSamples.Socket()]));
            await feed.FirstAsync<EdgeReport.Listening>();
        }

        await hosted.StopAsync(CancellationToken.None);
        await hosted.StopAsync(CancellationToken.None);
    }
}
