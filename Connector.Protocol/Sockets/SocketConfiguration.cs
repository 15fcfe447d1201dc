namespace Connector.Protocol.Sockets;

/// <summary>The <c>config</c> object of a socket on the control stream.</summary>
public sealed record SocketConfiguration
{
    public bool ConnectorAuthenticationEnabled { get; init; }

    public bool EndToEndEncryptionEnabled { get; init; }

    public bool RecordingEnabled { get; init; }

    public UpstreamConfiguration? UpstreamConfiguration { get; init; }

    public string? PrivateNetworkIpv4 { get; init; }

    public string? PrivateNetworkIpv6 { get; init; }
}
