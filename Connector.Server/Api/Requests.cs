using System.Text.Json;
using Connector.Protocol.Sockets;

namespace Connector.Server.Api;

// Bodies as the OpenAPI document shows them. They are read by RequestFields, field by field, so that an error names its field.

internal sealed record ConnectorRequest(
    string? ConnectorId, string? Name, string? Description, bool? BuiltInSshServiceEnabled, JsonElement? BuiltInSshServiceConfiguration);

/// <param name="ExpiresAt">Unix seconds as a number or text, or RFC 3339; absent for none.</param>
internal sealed record ConnectorTokenRequest(string ConnectorId, string? Name, JsonElement? ExpiresAt);

/// <param name="ExpiresAt">Of the credential; as for connector tokens.</param>
internal sealed record EdgeRequest(string Name, JsonElement? ExpiresAt);

internal sealed record EdgeCredentialRequest(JsonElement? ExpiresAt);

/// <param name="Name">The type when it is absent.</param>
/// <param name="Configuration">With the one key of the type. In a change, what is absent stays.</param>
internal sealed record PluginRequest(string? ConnectorId, string? PluginType, string? Name, bool? Enabled, JsonElement? Configuration);

/// <param name="Remove">Forget what is not found any more; else it is taken for seen.</param>
internal sealed record PluginReviewRequest(string DiscoveryId, bool Remove);

/// <param name="Limits">Of each replica by itself. In a change, a key that is absent stays and 0 brings the default back; the same for upstream_check and edge.</param>
/// <param name="UpstreamProxyProtocol">"v2", or "" for none.</param>
/// <param name="DiscoveredResourceId">When a socket is made: name, socket_type, upstream_configuration and connector_ids that are absent follow from it.</param>
internal sealed record SocketRequest(
    string? Name, string? DisplayName, string? SocketType, string? Description, string? UpstreamType, string? UpstreamHttpHostname,
    bool? RecordingEnabled, bool? ConnectorAuthenticationEnabled, bool? EndToEndEncryptionEnabled, IReadOnlyDictionary<string, string>? Tags,
    IReadOnlyList<string>? ConnectorIds, string? ConnectorId, JsonElement? UpstreamConfiguration, SocketRequest.EdgeRequest? Edge,
    SocketLimitsConfiguration? Limits, string? UpstreamProxyProtocol, UpstreamCheckConfiguration? UpstreamCheck, string? DiscoveredResourceId)
{
    /// <param name="Hedge">Whether a second replica may be asked when the first does not accept a stream at once; absent means true.</param>
    /// <param name="ProxyProtocolFrom">Networks of load balancers in front of the edge, whose connections begin with a PROXY protocol header.</param>
    internal sealed record EdgeRequest(
        int? Port, bool? Public, IReadOnlyList<string>? AllowedIps, bool? Hedge, IReadOnlyList<string>? ProxyProtocolFrom);
}
