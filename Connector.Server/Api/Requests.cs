using System.Text.Json;

namespace Connector.Server.Api;

// Bodies as the OpenAPI document shows them. They are read by RequestFields, field by field, so that an error names its field.

internal sealed record ConnectorRequest(
    string? ConnectorId, string? Name, string? Description, bool? BuiltInSshServiceEnabled, JsonElement? BuiltInSshServiceConfiguration);

/// <param name="ExpiresAt">Unix seconds as a number or text, or RFC 3339; absent for none.</param>
internal sealed record ConnectorTokenRequest(string ConnectorId, string? Name, JsonElement? ExpiresAt);

internal sealed record SocketRequest(
    string? Name, string? DisplayName, string? SocketType, string? Description, string? UpstreamType, string? UpstreamHttpHostname,
    bool? RecordingEnabled, bool? ConnectorAuthenticationEnabled, bool? EndToEndEncryptionEnabled, IReadOnlyDictionary<string, string>? Tags,
    IReadOnlyList<string>? ConnectorIds, string? ConnectorId, JsonElement? UpstreamConfiguration, SocketRequest.EdgeRequest? Edge)
{
    internal sealed record EdgeRequest(int? Port, bool? Public, IReadOnlyList<string>? AllowedIps);
}
