using Connector.Actors.Accounting;
using Connector.Relay.Accounting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;

namespace Connector.Actors.Health;

/// <summary>The replica's metrics as Prometheus text, beside its health: who may ask how it is may see its numbers, which name nobody.</summary>
internal static class ReplicaMetricsEndpoint
{
    public const string Path = "/metrics";

    // Of one instrument; what is beyond is summed under otel_metric_overflow.
    private const int MostSeries = 128;

    // Others are summed over: there may be 10,000 sockets.
    private static readonly string[] Tags = ["end", "direction", "outcome", "code", "kind", "reason", "lamp", "state", "limit"];

    public static void Add(IServiceCollection services)
        => services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("connector-replica")).WithMetrics(metrics => metrics
            .AddMeter(RelayMetrics.MeterName, ReplicaMetrics.MeterName)
            .AddRuntimeInstrumentation()
            .AddView(instrument => instrument.Meter.Name.StartsWith("Connector.", StringComparison.Ordinal)
                ? new MetricStreamConfiguration { CardinalityLimit = MostSeries, TagKeys = Tags }
                : new MetricStreamConfiguration { CardinalityLimit = MostSeries })
            .AddPrometheusExporter());

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint(Path);
}
