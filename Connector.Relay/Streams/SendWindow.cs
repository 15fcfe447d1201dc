using Connector.Relay.Accounting;
using Connector.Relay.Lanes;

namespace Connector.Relay.Streams;

/// <summary>The sending side's offsets of one direction (rules 3, 5 and 6). Pure.</summary>
internal struct SendWindow(long limit)
{
    /// <summary>Offset of the byte that is sent next. Goes back when the peer asks for something again.</summary>
    public long Next { get; private set; }

    /// <summary>Offset behind the last byte that was ever sent.</summary>
    public long Sent { get; private set; }

    /// <summary>What the peer has consumed.</summary>
    public long Consumed { get; private set; }

    public long Limit { get; private set; } = limit;

    /// <summary>The offset behind the last byte, once FIN was sent.</summary>
    public long? Final { get; private set; }

    public readonly long Sendable => Limit - Next;

    /// <summary>Whether the peer has consumed everything, the half-close included.</summary>
    public readonly bool AllConsumed => Final is { } final && Consumed == final + 1;

    public void Send(int bytes)
    {
        Next += bytes;
        Sent = Math.Max(Sent, Next);
    }

    public void Fin() => Final = Sent;

    /// <summary>Takes a CREDIT over. Older ones change nothing, since both numbers only grow.</summary>
    /// <returns>Whether it brought anything new.</returns>
    /// <exception cref="LaneProtocolException">It acknowledges what was never sent.</exception>
    public bool Credit(long consumed, long limit)
    {
        var most = Final is { } final ? final + 1 : Sent;
        if (consumed > most)
            throw new LaneProtocolException($"CREDIT says {consumed} bytes are consumed, {most} were sent") { Kind = ProtocolViolation.BadOffset };
        var news = consumed > Consumed || limit > Limit;
        Consumed = Math.Max(Consumed, consumed);
        Limit = Math.Max(Limit, limit);

        // What was sent before the sender went back arrived after all.
        Next = Math.Max(Next, Math.Min(Consumed, Sent));
        return news;
    }

    /// <summary>The peer has so many contiguous bytes; what comes behind them is sent again.</summary>
    /// <returns>How many bytes the sender goes back.</returns>
    /// <exception cref="LaneProtocolException">It has more than was sent.</exception>
    public long Rewind(long received)
    {
        if (received > Sent)
            throw new LaneProtocolException($"RESUME says {received} bytes were received, {Sent} were sent") { Kind = ProtocolViolation.BadOffset };

        // Older than a CREDIT that has come since: what is consumed is not kept any more, and nobody needs it.
        var back = Next - Math.Max(received, Math.Min(Consumed, Sent));
        if (back <= 0)
            return 0;
        Next -= back;
        return back;
    }

    /// <summary>The peer has finished the stream, so everything has arrived.</summary>
    /// <returns>False when not everything was sent: then the peer is wrong or has given the stream up.</returns>
    public bool Finished()
    {
        if (Final is not { } final)
            return false;
        Consumed = final + 1;
        Next = Sent;
        return true;
    }
}
