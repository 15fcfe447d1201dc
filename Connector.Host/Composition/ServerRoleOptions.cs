using System.Collections.Immutable;
using System.Net;
using Connector.Host.Configuration;
using Connector.Protocol;
using Connector.Server.Edge;

namespace Connector.Host.Composition;

/// <summary>All that a server is told. The data directory belongs to the caller and outlives the role.</summary>
/// <param name="PublicUrl">Goes into connector tokens. Null: none can be made, except under <c>dev</c>, where it is the HTTPS port on loopback.</param>
/// <param name="EdgeHost">Host that end users dial, the first part of a socket's endpoint.</param>
/// <param name="LoopbackOnly"><c>dev</c>: every listener is on loopback.</param>
/// <param name="HttpPort">Plain HTTP on loopback; null when off; 0 lets the system choose, as for the other ports.</param>
/// <param name="CertificateHosts">Names beside loopback that the server's own certificate is for.</param>
/// <param name="CertificateFile">PEM to use instead, with <paramref name="CertificateKeyFile"/>; null: the server's own CA.</param>
/// <param name="TunnelAddress">host:port that replicas are told to dial for tunnels; null: where the tunnel port is reached without anything in between.</param>
public sealed record ServerRoleOptions(
    string DataDirectory, Uri? PublicUrl, string EdgeHost, bool LoopbackOnly, int HttpsPort, int? HttpPort, int TunnelPort, PortRange EdgePorts,
    ImmutableArray<string> Roles, ImmutableArray<string> CertificateHosts, string? CertificateFile, string? CertificateKeyFile, Secret AdminToken,
    string LogLevel, string? TunnelAddress = null)
{
    /// <summary>For the tunnel port and the sockets of the edge; null: every address, or loopback under <c>dev</c>.</summary>
    public IPAddress? BindAddress { get; init; }

    /// <summary>How long streams wait for a replica that has lost all its lanes.</summary>
    public TimeSpan ResumeWithin { get; init; } = ServerSettings.DefaultResumeWithin;
}
