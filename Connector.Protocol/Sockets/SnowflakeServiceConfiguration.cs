namespace Connector.Protocol.Sockets;

/// <summary>Socket type snowflake.</summary>
public sealed record SnowflakeServiceConfiguration
{
    public string? Account { get; init; }

    public string? Username { get; init; }

    public Secret? Password { get; init; }
}
