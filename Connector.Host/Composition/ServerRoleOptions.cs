using System.Collections.Immutable;
using Connector.Host.Certificates;
using Connector.Host.Configuration;
using Connector.Protocol;
using Connector.Protocol.Tokens;

namespace Connector.Host.Composition;

/// <summary>All that a server is told. The objects in it belong to the caller and outlive the role.</summary>
/// <param name="PublicUrl">Goes into connector tokens; null: none can be made.</param>
/// <param name="EdgeHost">Host that end users dial, the first part of a socket's endpoint.</param>
/// <param name="LoopbackOnly"><c>dev</c>: every listener is on loopback.</param>
/// <param name="HttpPort">Plain HTTP on loopback; null when off; 0 lets the system choose, as for the other ports.</param>
public sealed record ServerRoleOptions(
    string DataDirectory, Uri? PublicUrl, string EdgeHost, bool LoopbackOnly, int HttpsPort, int? HttpPort, int TunnelPort, PortRange EdgePorts,
    ImmutableArray<string> Roles, ServerCertificates Certificates, SigningKey SigningKey, Secret AdminToken, string LogLevel);
