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

    public static void Add(IServiceCollection services)
        => services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService("connector-replica")).WithMetrics(metrics => metrics
            .AddMeter(RelayMetrics.MeterName, ReplicaMetrics.MeterName)
            .AddRuntimeInstrumentation()
            .AddView(instrument => ShownSeries.IsOurs(instrument.Meter.Name)
                ? new MetricStreamConfiguration { CardinalityLimit = ShownSeries.Most, TagKeys = [.. ShownSeries.Tags] }
                : new MetricStreamConfiguration { CardinalityLimit = ShownSeries.Most })
            .AddPrometheusExporter());

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint(Path);
}
