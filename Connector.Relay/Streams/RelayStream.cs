using Connector.Relay.Frames;

namespace Connector.Relay.Streams;

/// <summary>One live stream of a link, either end: ordered bytes both ways with credit. Belongs to the link, not to a lane.</summary>
public sealed class RelayStream
{
    internal RelayStream()
    {
    }

    public uint Id => throw new NotImplementedException();

    /// <summary>Ends the stream at both ends with the code. Idempotent; buffers come back.</summary>
    public void Reset(ResetCode code) => throw new NotImplementedException();
}
