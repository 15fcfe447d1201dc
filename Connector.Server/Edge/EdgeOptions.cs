using System.Net;
using System.Net.Security;
using Connector.Protocol.Ids;
using Connector.Relay.Memory;

namespace Connector.Server.Edge;

/// <summary>How one edge node runs.</summary>
public sealed record EdgeOptions
{
    public required EdgeId EdgeId { get; init; }

    /// <summary>
    /// The certificate of the tunnel port, asked for on each handshake, so that a renewed one is used at once: return the same object until it
    /// is renewed. Its chain must include the CA, since replicas pin that.
    /// </summary>
    public required Func<SslStreamCertificateContext> ServerCertificate { get; init; }

    /// <summary>For the tunnel port and the sockets. <see cref="IPAddress.IPv6Any"/> accepts IPv4 too; where there is no IPv6, IPv4 alone.</summary>
    public IPAddress BindAddress { get; init; } = IPAddress.IPv6Any;

    /// <summary>0 lets the operating system choose; see <see cref="EdgeNode.TunnelEndPoint"/>.</summary>
    public int TunnelPort { get; init; } = 8444;

    /// <summary>Null allows any port.</summary>
    public PortRange? SocketPorts { get; init; } = new PortRange(20000, 20099);

    public RelayMemoryOptions Memory { get; init; } = new();

    public EdgeLimits Limits { get; init; } = new();
}
