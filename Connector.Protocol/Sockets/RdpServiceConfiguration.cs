namespace Connector.Protocol.Sockets;

/// <summary>Socket type rdp.</summary>
public sealed record RdpServiceConfiguration
{
    public string? Hostname { get; init; }

    public int? Port { get; init; }

    public string? Username { get; init; }

    public Secret? Password { get; init; }

    public string? Domain { get; init; }
}
