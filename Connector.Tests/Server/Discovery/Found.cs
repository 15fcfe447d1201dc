using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Discovery;
using Connector.Server.Discovery;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Tests.Server.Discovery;

/// <summary>Samples of what discoverers find.</summary>
internal static class Found
{
    public static readonly DateTimeOffset Noon = new(2030, 1, 2, 12, 0, 0, TimeSpan.Zero);

    public static DiscoveredResource Container(string name, string image = "nginx", string? id = null) => new(
        ResourceTypes.DockerContainer,
        new DockerContainerDetails
        {
            ContainerId = id ?? $"id-of-{name}", Status = "running", Image = image, Names = [$"/{name}"],
            PortBindings = ImmutableSortedDictionary<string, string>.Empty.Add("0.0.0.0:8080", "80/tcp"),
        });

    public static Scan Scan(int minute, params ImmutableArray<DiscoveredResource> resources)
        => new(Noon.AddMinutes(minute), Noon.AddMinutes(minute), resources, [], [], []);

    public static PluginDiscoveryResults Results(string pluginId, string discoveryId, params IEnumerable<DiscoveredResource> resources)
    {
        var results = new PluginDiscoveryResults { PluginId = pluginId, Metadata = new PluginDiscoveryResultsMetadata { DiscoveryId = discoveryId } };
        results.Resources.AddRange(resources.Select(static resource => resource.ToStruct()));
        return results;
    }

    public static string Detail(string json, string key)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.GetProperty(ResourceTypes.DetailsKey(ResourceTypes.DockerContainer)).GetProperty(key).GetString()!;
    }
}
