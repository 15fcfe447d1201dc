using System.Text.Json;

namespace Connector.Server.Api;

internal sealed record UpstreamConfigurationAnswer(JsonElement Config, DateTime CreatedAt, DateTime UpdatedAt);
