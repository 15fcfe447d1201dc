using System.Collections.Immutable;
using System.Net;
using Connector.Protocol;
using Connector.Protocol.Tokens;

namespace Connector.Host.Configuration;

/// <summary>What an edge of its own starts with.</summary>
/// <param name="Claims">Of the credential.</param>
/// <param name="ServerUrl">Of the control plane; the credential's unless overridden.</param>
/// <param name="TunnelAddress">host:port that replicas are told to dial.</param>
/// <param name="PublicHost">What end users dial.</param>
/// <param name="Health">Null when switched off.</param>
/// <param name="Certificate">Path of a PEM, together with <paramref name="Key"/>; null: the edge's own CA.</param>
public sealed record EdgeSettings(
    Secret Credential, EdgeCredentialClaims Claims, Uri ServerUrl, string DataDirectory, string TunnelAddress, string PublicHost, IPAddress BindAddress, int TunnelPort,
    IPEndPoint? Health, TimeSpan ResumeWithin, string? Certificate, string? Key, string LogLevel, ImmutableArray<string> Notes)
{
    /// <summary>The next after a replica's, which may run on the same machine.</summary>
    public const string DefaultHealth = "127.0.0.1:9481";

    /// <summary>Of <see cref="TunnelAddress"/>, without brackets.</summary>
    public string TunnelHost => TunnelAddress[..TunnelAddress.LastIndexOf(':')].Trim('[', ']');
}
