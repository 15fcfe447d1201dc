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

    public static void Add(IServiceCollection services, string service = "connector-server")
        => services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(service)).WithMetrics(metrics => metrics
            .AddMeter(RelayMetrics.MeterName, EdgeMetrics.MeterName, SessionIntake.MeterName)
            .AddRuntimeInstrumentation()
            .AddView(instrument => ShownSeries.IsOurs(instrument.Meter.Name)
                ? new MetricStreamConfiguration { CardinalityLimit = ShownSeries.Most, TagKeys = [.. ShownSeries.Tags] }
                : new MetricStreamConfiguration { CardinalityLimit = ShownSeries.Most })
            .AddPrometheusExporter());

    public static void Map(IEndpointRouteBuilder endpoints) => endpoints.MapPrometheusScrapingEndpoint(Path);
}
