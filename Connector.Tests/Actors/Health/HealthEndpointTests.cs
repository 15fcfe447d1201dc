using System.Net;
using Connector.Actors.Accounting;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Protocol.Ids;
using Connector.Relay.Memory;
using Xunit;
using static Connector.Actors.Health.HealthProtocol;

namespace Connector.Tests.Actors.Health;

[Trait("kind", Kinds.Contract)]
public sealed class HealthEndpointTests
{
    private static readonly HealthState Starting = new(
        new ReplicaId("r"), new ConnectorId("c"), new BootId(Guid.Empty), "1.0", DateTimeOffset.UnixEpoch, false, false, DesiredStateVersion.None, null, [], []);

    [Fact]
    public async Task Paths_answer_by_the_state()
    {
        await using var endpoint = new HealthEndpoint(new IPEndPoint(IPAddress.Loopback, 0), _ => Task.FromResult<HealthState?>(Starting));
        await endpoint.StartAsync(TestContext.Current.CancellationToken);
        using var http = new HttpClient { BaseAddress = endpoint.Url };
        Assert.Equal(HttpStatusCode.OK, (await Get(http, "/livez")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Get(http, "/startupz")).StatusCode);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, (await Get(http, "/readyz")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await Get(http, "/")).StatusCode);
        using var status = await Get(http, "/status");
        Assert.Equal("application/json", status.Content.Headers.ContentType!.MediaType);
        Assert.Contains("\"replica_id\": \"r\"", await status.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        await endpoint.StopAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Metrics_are_prometheus_text_of_relay_replica_and_runtime()
    {
        await using var endpoint = new HealthEndpoint(new IPEndPoint(IPAddress.Loopback, 0), _ => Task.FromResult<HealthState?>(Starting));
        await endpoint.StartAsync(TestContext.Current.CancellationToken);
        ReplicaMetrics.LaneDialEnded(new LaneDialOutcome.Failed("no route"));
        var relay = new RelayMemory(new RelayMemoryOptions());
        using var http = new HttpClient { BaseAddress = endpoint.Url };
        var text = await http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Matches("(?m)^connector_replica_lane_dials_total\\{.*outcome=\"failed\".*\\} [1-9]", text);
        Assert.Matches("(?m)^connector_relay_memory_limit_bytes\\{.*end=\"replica\".*\\} [1-9]", text);
        Assert.Contains("dotnet_", text, StringComparison.Ordinal);
        GC.KeepAlive(relay);
    }

    [Fact]
    public async Task Busy_port_says_which_and_what_to_do()
    {
        await using var first = new HealthEndpoint(new IPEndPoint(IPAddress.Loopback, 0), _ => Task.FromResult<HealthState?>(null));
        await first.StartAsync(TestContext.Current.CancellationToken);
        await using var second = new HealthEndpoint(new IPEndPoint(IPAddress.Loopback, first.Url!.Port), _ => Task.FromResult<HealthState?>(null));
        var e = await Assert.ThrowsAsync<IOException>(() => second.StartAsync(TestContext.Current.CancellationToken));
        Assert.Contains($"127.0.0.1:{first.Url.Port}", e.Message, StringComparison.Ordinal);
        Assert.Contains("--health", e.Message, StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> Get(HttpClient http, string path) => http.GetAsync(path, TestContext.Current.CancellationToken);
}
