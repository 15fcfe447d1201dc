using System.Collections.Immutable;
using System.Net;
using Connector.Server.Control;

namespace Connector.Server.Hosting;

/// <summary>Where and how the control plane listens.</summary>
public sealed record ControlPlaneHostOptions
{
    /// <summary>Holds <c>certificates/</c>.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>The HTTPS port: REST, portal, control streams, and lanes by ALPN. Port 0 takes a free one.</summary>
    public required IPEndPoint Https { get; init; }

    /// <summary>REST and portal as plain HTTP; loopback only. Null: not served.</summary>
    public IPEndPoint? Http { get; init; }

    /// <summary>Names beside loopback that the server certificate is for: host of the public URL, host of the edge.</summary>
    public ImmutableArray<string> CertificateHosts { get; init; } = [];

    /// <summary>PEM files to use instead of the own CA. Both or none.</summary>
    public string? CertificateFile { get; init; }

    public string? CertificateKeyFile { get; init; }

    /// <summary>Names this control plane to replicas.</summary>
    public string ControlPlaneId { get; init; } = "control-plane";

    public ControlLimits Limits { get; init; } = new();

    /// <summary>Connections to all of the server's HTTP ports together, lanes on the HTTPS port included.</summary>
    public int MaxConnections { get; init; } = 16_384;

    /// <summary>Bytes of a REST request's body.</summary>
    public long MaxRequestBodySize { get; init; } = 1024 * 1024;

    /// <summary>From the connection to its ClientHello, and again from there to the end of the TLS handshake.</summary>
    public TimeSpan HandshakeDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>A control stream's connection is pinged so often, and dead when <see cref="PingTimeout"/> passes unanswered.</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan PingTimeout { get; init; } = TimeSpan.FromSeconds(5);

    public string CertificateDirectory => Path.Combine(DataDirectory, "certificates");
}
