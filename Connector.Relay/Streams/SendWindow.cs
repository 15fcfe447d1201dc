using Connector.Relay.Accounting;
using Connector.Relay.Lanes;

namespace Connector.Relay.Streams;

/// <summary>The sending side's offsets of one direction (rules 3 and 5). Pure.</summary>
internal struct SendWindow(long limit)
{
    /// <summary>Offset behind the last byte sent.</summary>
    public long Sent { get; private set; }

    /// <summary>What the peer has consumed.</summary>
    public long Consumed { get; private set; }

    public long Limit { get; private set; } = limit;

    /// <summary>The offset behind the last byte, once FIN was sent.</summary>
    public long? Final { get; private set; }

    public readonly long Sendable => Limit - Sent;

    /// <summary>Whether the peer has consumed everything, the half-close included.</summary>
    public readonly bool AllConsumed => Final is { } final && Consumed == final + 1;

    public void Send(int bytes) => Sent += bytes;

    public void Fin() => Final = Sent;

    /// <summary>Takes a CREDIT over. Older ones change nothing, since both numbers only grow.</summary>
    /// <exception cref="LaneProtocolException">It acknowledges what was never sent.</exception>
    public void Credit(long consumed, long limit)
    {
        var most = Final is { } final ? final + 1 : Sent;
        if (consumed > most)
            throw new LaneProtocolException($"CREDIT says {consumed} bytes are consumed, {most} were sent") { Kind = ProtocolViolation.BadOffset };
        Consumed = Math.Max(Consumed, consumed);
        Limit = Math.Max(Limit, limit);
    }
}
