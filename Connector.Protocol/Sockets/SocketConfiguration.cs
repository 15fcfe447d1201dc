namespace Connector.Protocol.Sockets;

/// <summary>The <c>config</c> object of a socket on the control stream.</summary>
public sealed record SocketConfiguration
{
    public bool ConnectorAuthenticationEnabled { get; init; }

    public bool EndToEndEncryptionEnabled { get; init; }

    public bool RecordingEnabled { get; init; }

    public UpstreamConfiguration? UpstreamConfiguration { get; init; }

    /// <summary>Null: all defaults.</summary>
    public SocketLimitsConfiguration? Limits { get; init; }

    /// <summary>Null: <see cref="UpstreamCheckConfiguration.Default"/>.</summary>
    public UpstreamCheckConfiguration? UpstreamCheck { get; init; }

    /// <summary>A value of <see cref="Sockets.UpstreamProxyProtocol"/>; null is none.</summary>
    public string? UpstreamProxyProtocol { get; init; }

    public string? PrivateNetworkIpv4 { get; init; }

    public string? PrivateNetworkIpv6 { get; init; }
}
