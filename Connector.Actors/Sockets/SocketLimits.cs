namespace Connector.Actors.Sockets;

/// <summary>What one socket may use of its replica, so that it cannot starve the others. Memory has its own share (SocketMemory).</summary>
/// <param name="MaxStreams">Live streams.</param>
/// <param name="MaxPendingDials">Offers accepted and not opened yet.</param>
/// <param name="OpensPerSecond">Sustained rate of offers; a second's worth may come at once.</param>
public sealed record SocketLimits(int MaxStreams = 8192, int MaxPendingDials = 256, double OpensPerSecond = 5000)
{
    public static readonly SocketLimits Default = new();
}
