using Connector.Relay.Accounting;
using Connector.Server.Edge.Accounting;
using Connector.Server.Feed;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Connector.Server.Api;

/// <summary>
/// The server's metrics as Prometheus text. Behind <see cref="ApiGate"/> as the API is: numbers of streams and refusals tell a stranger when an
/// attack bites.
/// </summary>
internal static class MetricsEndpoint
{
    public const string Path = "/metrics";

    // Of one instrument; what is beyond is summed under otel_metric_overflow. The largest has two tags of eight names each.
    private const int MostSeries = 128;

    // Others are summed over: what is tagged with a socket, of which there may be 10,000, stays for listeners in the process.
    private static readonly string[] Tags = ["end", "direction", "outcome", "code", "kind", "reason", "ended_by", "lamp", "state", "limit"];

    public static void Add(IServiceCollection services, string service = "connector-server")
        => services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(service)).WithMetrics(metrics => metrics
            .AddMeter(RelayMetrics.MeterName, EdgeMetrics.MeterName, SessionIntake.MeterName)
            .AddRuntimeInstrumentation()
            .AddView(instrument => instrument.Meter.Name.StartsWith("Connector.", StringComparison.Ordinal)
                ? new MetricStreamConfiguration { CardinalityLimit = MostSeries, TagKeys = Tags }
                : new MetricStreamConfiguration { CardinalityLimit = MostSeries })
            .AddPrometheusExporter());

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint(Path);
}
