using Connector.Protocol.Sockets;

namespace Connector.Actors.Sockets;

/// <summary>What one socket may use of its replica, so that it cannot starve the others. Memory has its own share (SocketMemory).</summary>
/// <param name="MaxStreams">Live streams, and those being opened.</param>
/// <param name="MaxPendingDials">Offers accepted and not opened yet.</param>
/// <param name="OpensPerSecond">Sustained rate of offers; a second's worth may come at once.</param>
/// <param name="BytesPerSecond">Of all streams together, both directions; 0 for no limit.</param>
/// <param name="IdleTimeout">A stream in which nothing moved for so long is ended; null for never.</param>
/// <param name="MaxAge">An older stream is ended; null for never.</param>
public sealed record SocketLimits(
    int MaxStreams = 8192,
    int MaxPendingDials = 256,
    double OpensPerSecond = 5000,
    long BytesPerSecond = 0,
    TimeSpan? IdleTimeout = null,
    TimeSpan? MaxAge = null)
{
    public static readonly SocketLimits Default = new();

    /// <summary>These, with what the socket's own configuration says instead.</summary>
    internal SocketLimits With(SocketLimitsConfiguration? own) => own is null ? this : this with
    {
        MaxStreams = own.MaxStreams is > 0 and var streams ? streams : MaxStreams,
        OpensPerSecond = own.MaxOpensPerSecond is > 0 and var opens ? opens : OpensPerSecond,
        BytesPerSecond = own.MaxBytesPerSecond is > 0 and var bytes ? bytes : BytesPerSecond,
        IdleTimeout = own.IdleTimeoutSeconds is > 0 and var idle ? TimeSpan.FromSeconds(idle) : IdleTimeout,
        MaxAge = own.MaxAgeSeconds is > 0 and var age ? TimeSpan.FromSeconds(age) : MaxAge,
    };
}
