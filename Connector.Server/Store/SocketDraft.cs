using System.Collections.Immutable;

namespace Connector.Server.Store;

/// <summary>What a client may set of a socket, validated; null means unchanged (or the default of a new one).</summary>
internal sealed record SocketDraft
{
    public string? Name { get; init; }

    public string? DisplayName { get; init; }

    public string? Type { get; init; }

    public string? Description { get; init; }

    public string? UpstreamType { get; init; }

    public string? UpstreamHttpHostname { get; init; }

    public bool? RecordingEnabled { get; init; }

    public bool? ConnectorAuthenticationEnabled { get; init; }

    public bool? EndToEndEncryptionEnabled { get; init; }

    public string? TagsJson { get; init; }

    public string? UpstreamJson { get; init; }

    public ImmutableArray<string>? ConnectorIds { get; init; }

    public int? EdgePort { get; init; }

    public bool? EdgePublic { get; init; }

    public ImmutableArray<string>? EdgeAllowedIps { get; init; }

    public bool? EdgeHedge { get; init; }

    public ImmutableArray<string>? EdgeProxyProtocolFrom { get; init; }

    public string? LimitsJson { get; init; }

    public string? UpstreamCheckJson { get; init; }

    public string? UpstreamProxyProtocol { get; init; }
}
