using System.Text.Json.Serialization;

namespace Connector.Tests.Processes;

/// <summary>A replica in a ready file.</summary>
internal sealed record ReadyReplica(
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("pid")] int ProcessId,
    [property: JsonPropertyName("health_url")] string? HealthUrl);
