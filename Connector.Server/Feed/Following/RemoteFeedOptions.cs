using System.Collections.Immutable;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;

namespace Connector.Server.Feed.Following;

/// <summary>How an edge of its own follows its control plane.</summary>
public sealed record RemoteFeedOptions
{
    public required EdgeId EdgeId { get; init; }

    /// <summary>As the credential names it; the state of another one is not taken.</summary>
    public required string OrganizationId { get; init; }

    /// <summary>https://host:port.</summary>
    public required Uri Server { get; init; }

    public required ServerTrust Trust { get; init; }

    public required Secret Credential { get; init; }

    /// <summary>Holds the state; exists, and is closed to others.</summary>
    public required string DataDirectory { get; init; }

    /// <summary>host:port: what replicas dial.</summary>
    public required ImmutableArray<string> TunnelAddresses { get; init; }

    /// <summary>Of the certificate on the tunnel port; empty when it is publicly trusted.</summary>
    public required ImmutableArray<string> CaPins { get; init; }

    /// <summary>What end users dial.</summary>
    public required string PublicHost { get; init; }

    public string SoftwareVersion { get; init; } = "";

    /// <summary>TCP and TLS.</summary>
    public TimeSpan ConnectDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the connection to the control plane's answer.</summary>
    public TimeSpan AnswerDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>When stopping: for what the control plane has not stored yet.</summary>
    public TimeSpan FlushDeadline { get; init; } = TimeSpan.FromSeconds(3);
}
