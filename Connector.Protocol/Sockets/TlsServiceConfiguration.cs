using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Socket type tls: any TCP service.</summary>
public sealed record TlsServiceConfiguration
{
    /// <summary>standard, vpn or http_proxy.</summary>
    public string? TlsServiceType { get; init; }

    public Standard? StandardTlsServiceConfiguration { get; init; }

    public Vpn? VpnTlsServiceConfiguration { get; init; }

    public HttpProxy? HttpProxyTlsServiceConfiguration { get; init; }

    public sealed record Standard
    {
        public string? Hostname { get; init; }

        public int? Port { get; init; }
    }

    public sealed record Vpn
    {
        public string? VpnSubnet { get; init; }

        public ImmutableArray<string>? Routes { get; init; }
    }

    public sealed record HttpProxy
    {
        public ImmutableArray<string>? HostAllowlist { get; init; }
    }
}
