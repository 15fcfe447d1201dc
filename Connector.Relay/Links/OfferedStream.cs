using Connector.Relay.Frames;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>A stream that an edge offered with OPEN and that this replica has not answered finally. Thread-safe.</summary>
public sealed class OfferedStream
{
    private readonly CancellationTokenSource abandoned = new();
    private readonly ReplicaLink link;
    private readonly RelayStream stream;
    private int answered;

    internal OfferedStream(ReplicaLink link, RelayStream stream, OpenRequest request)
    {
        this.link = link;
        this.stream = stream;
        Request = request;
    }

    public uint Id => stream.Id;

    public OpenRequest Request { get; }

    /// <summary>Cancelled when the edge reset the stream or the link ended before an answer: stop the dial.</summary>
    public CancellationToken Abandoned => abandoned.Token;

    /// <summary>Sends ACCEPTED: the OPEN has arrived and is being worked on. Before dialling.</summary>
    public void Accept() => stream.SayAccepted();

    /// <summary>Sends REFUSED, the final answer. Ignored when there was a final answer already.</summary>
    public void Refuse(RefusalCode code, string text)
    {
        if (!TryAnswer())
            return;
        stream.SayRefused(code, text);
    }

    /// <summary>
    /// Sends OPENED and makes the stream live. Null when it was abandoned meanwhile or its 16 KiB reserve is not to be had (then
    /// REFUSED(busy) was sent): close the upstream socket. Otherwise the caller must run a <c>RelayGraph</c> over it, or reset it.
    /// </summary>
    public RelayStream? Open(SocketMemory memory)
    {
        if (!TryAnswer())
            return null;
        if (!stream.TryReserve(memory))
        {
            stream.SayRefused(RefusalCode.Busy, "this replica has no memory left for another stream");
            return null;
        }

        stream.SayOpened();
        return stream.Outcome is null ? stream : null;
    }

    internal void Abandon()
    {
        // The token's callbacks belong to the owner's dial and must not run on a lane's loop.
        if (Volatile.Read(ref answered) == 0)
            ThreadPool.UnsafeQueueUserWorkItem(static offer => offer.abandoned.Cancel(), this, preferLocal: false);
    }

    /// <summary>The first final answer ends the pending dial, also when the edge has given the stream up meanwhile.</summary>
    private bool TryAnswer()
    {
        if (Interlocked.Exchange(ref answered, 1) != 0)
            return false;
        link.OfferAnswered();
        return true;
    }
}
