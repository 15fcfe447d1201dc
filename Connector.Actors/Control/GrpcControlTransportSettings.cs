using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;

namespace Connector.Actors.Control;

/// <summary>Where the control plane is and what to show it.</summary>
public sealed record GrpcControlTransportSettings
{
    /// <summary>https://host:port.</summary>
    public required Uri Server { get; init; }

    public required ServerTrust Trust { get; init; }

    /// <summary>Called once per attempt. IOException, UnauthorizedAccessException, FormatException and InvalidOperationException mean "no usable token".</summary>
    public required Func<Secret> Token { get; init; }

    /// <summary>Only when configured; the token names the connector as well.</summary>
    public ConnectorId? ConnectorId { get; init; }

    /// <summary>TCP and TLS.</summary>
    public TimeSpan ConnectDeadline { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From the connection to the response headers.</summary>
    public TimeSpan HeadersDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>For one message to be taken by the peer's flow control.</summary>
    public TimeSpan WriteDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan KeepAliveDelay { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(5);
}
