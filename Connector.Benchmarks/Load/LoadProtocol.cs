namespace Connector.Benchmarks.Load;

/// <summary>
/// What a load client asks of the load server: the first byte of a connection, followed for transfers by a length (8 bytes, big-endian).
/// Plain blocking sockets and a thread per busy connection, so that the measuring costs little beside the measured.
/// </summary>
internal static class LoadProtocol
{
    /// <summary>The server sends that many bytes, then waits for the end.</summary>
    public const byte Download = (byte)'D';

    /// <summary>The server reads that many bytes, then answers one.</summary>
    public const byte Upload = (byte)'U';

    /// <summary>The server sends back what it reads. This first byte, too.</summary>
    public const byte Echo = (byte)'E';

    public const int RequestLength = 9;

    public const int ChunkLength = 256 * 1024;

    public const int PingLength = 64;
}
