using Connector.Protocol.Ids;

namespace Connector.Relay.Memory;

/// <summary>One socket's share of the relay's memory, with its own account of buffers.</summary>
public sealed class SocketMemory
{
    internal SocketMemory()
    {
    }

    public SocketId SocketId => throw new NotImplementedException();

    /// <summary>Buffers that streams of this socket hold now. 0 once its streams have ended.</summary>
    public long OutstandingBuffers => throw new NotImplementedException();
}
