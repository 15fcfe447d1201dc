using System.Collections.Immutable;
using System.Net;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Server.Edge;

namespace Connector.Server.Hosting;

/// <summary>An edge in a process of its own.</summary>
public sealed record EdgeHostOptions
{
    public required EdgeId EdgeId { get; init; }

    public required string OrganizationId { get; init; }

    /// <summary>The control plane: https://host:port.</summary>
    public required Uri Server { get; init; }

    public required ServerTrust Trust { get; init; }

    public required Secret Credential { get; init; }

    /// <summary>Holds <c>certificates/</c> and the state; exists, and is closed to others.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>host:port that replicas are told to dial.</summary>
    public required string TunnelAddress { get; init; }

    /// <summary>What end users dial.</summary>
    public required string PublicHost { get; init; }

    /// <summary>For the tunnel port and the sockets.</summary>
    public IPAddress BindAddress { get; init; } = IPAddress.IPv6Any;

    /// <summary>0 takes a free one.</summary>
    public int TunnelPort { get; init; } = 8444;

    /// <summary>Null: no health endpoint. Port 0 takes a free one.</summary>
    public IPEndPoint? Health { get; init; }

    /// <summary>Names beside loopback that the edge's own certificate is for.</summary>
    public ImmutableArray<string> CertificateHosts { get; init; } = [];

    /// <summary>PEM files to use instead of a CA of the edge's own. Both or none.</summary>
    public string? CertificateFile { get; init; }

    public string? CertificateKeyFile { get; init; }

    public EdgeLimits Limits { get; init; } = new();

    public string SoftwareVersion { get; init; } = "";
}
