namespace Connector.Protocol.Sockets;

/// <summary>The <c>limits</c> of a socket. They hold for each replica by itself; absent or 0 means the replica's default.</summary>
public sealed record SocketLimitsConfiguration
{
    /// <summary>Live streams, and those being opened.</summary>
    public int? MaxStreams { get; init; }

    /// <summary>Shared by all streams of the socket: bytes read from the upstream and bytes written to it, each counted once. Default: no limit.</summary>
    public int? MaxBytesPerSecond { get; init; }

    /// <summary>New streams; a second's worth may come at once.</summary>
    public int? MaxOpensPerSecond { get; init; }

    /// <summary>A stream in which no byte moved for so long is ended. Default: never.</summary>
    public int? IdleTimeoutSeconds { get; init; }

    /// <summary>An older stream is ended. Default: never.</summary>
    public int? MaxAgeSeconds { get; init; }
}
