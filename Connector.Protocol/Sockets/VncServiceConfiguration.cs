namespace Connector.Protocol.Sockets;

/// <summary>Socket type vnc.</summary>
public sealed record VncServiceConfiguration
{
    public string? Hostname { get; init; }

    public int? Port { get; init; }

    /// <summary>At most 8 characters.</summary>
    public Secret? Password { get; init; }
}
