using Connector.Protocol.Ids;

namespace Connector.Relay.Memory;

/// <summary>All memory of the relay in this process: the buffer pool, and the budgets of rule 4.</summary>
public sealed class RelayMemory
{
    public RelayMemory(RelayMemoryOptions options) => throw new NotImplementedException(options.ToString());

    /// <summary>Buffers rented and not returned, over the life of the process.</summary>
    public long OutstandingBuffers => throw new NotImplementedException();

    /// <summary>The share of one socket: at most a quarter of the pool. Dispose it when the socket is gone; its streams may outlive that.</summary>
    public SocketMemory ForSocket(SocketId socketId) => throw new NotImplementedException();
}
