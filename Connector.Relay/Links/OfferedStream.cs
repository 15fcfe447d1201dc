using Connector.Relay.Frames;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>A stream that an edge offered with OPEN and that this replica has not answered finally. Thread-safe.</summary>
public sealed class OfferedStream
{
    internal OfferedStream()
    {
    }

    public uint Id => throw new NotImplementedException();

    public OpenRequest Request => throw new NotImplementedException();

    /// <summary>Cancelled when the edge reset the stream or the link ended before an answer: stop the dial.</summary>
    public CancellationToken Abandoned => throw new NotImplementedException();

    /// <summary>Sends ACCEPTED: the OPEN has arrived and is being worked on. Before dialling.</summary>
    public void Accept() => throw new NotImplementedException();

    /// <summary>Sends REFUSED, the final answer. Ignored when there was a final answer already.</summary>
    public void Refuse(RefusalCode code, string text) => throw new NotImplementedException();

    /// <summary>
    /// Sends OPENED and makes the stream live. Null when it was abandoned meanwhile or its 16 KiB reserve is not to be had (then
    /// REFUSED(busy) was sent): close the upstream socket. Otherwise the caller must run a <c>RelayGraph</c> over it, or reset it.
    /// </summary>
    public RelayStream? Open(SocketMemory memory) => throw new NotImplementedException(memory.ToString());
}
