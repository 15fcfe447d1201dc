using System.Net;
using Connector.Relay.Frames;
using Connector.Server.Edge.Accounting;
using Xunit;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Contract)]
public sealed class MetricsEndpointTests
{
    [Fact]
    public async Task Metrics_need_the_admin_token()
    {
        await using var server = await ApiServer.StartAsync();
        using var stranger = new HttpClient { BaseAddress = server.Address };
        using var refused = await stranger.GetAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Unauthorized, refused.StatusCode);
        Assert.DoesNotContain("connector_", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Metrics_are_prometheus_text_of_our_meters_and_of_the_runtime()
    {
        await using var server = await ApiServer.StartAsync();
        EdgeMetrics.LaneRejected(RejectCode.LinkMismatch);
        using var response = await server.Client.GetAsync("/metrics", TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        Assert.Matches("(?m)^connector_edge_lanes_rejected_total\\{.*code=\"link_mismatch\".*\\} [1-9]", text);
        Assert.Matches("(?m)^connector_edge_lanes\\{.*\\} [0-9]", text);
        Assert.Contains("dotnet_", text, StringComparison.Ordinal);
    }
}
