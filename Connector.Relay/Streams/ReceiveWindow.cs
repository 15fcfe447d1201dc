using Connector.Relay.Accounting;
using Connector.Relay.Lanes;

namespace Connector.Relay.Streams;

/// <summary>The receiving side's offsets of one direction (rules 2, 3 and 5). Pure.</summary>
internal struct ReceiveWindow(long limit)
{
    /// <summary>Contiguous bytes received.</summary>
    public long Received { get; private set; }

    /// <summary>Bytes written to the far TCP end; final + 1 once the half-close was passed on as well.</summary>
    public long Consumed { get; private set; }

    /// <summary>Highest offset the peer may send. Only grows.</summary>
    public long Limit { get; private set; } = limit;

    /// <summary>The offset behind the last byte, once FIN has come.</summary>
    public long? Final { get; private set; }

    public readonly bool AllReceived => Final == Received;

    /// <summary>
    /// Judges a piece of DATA. Duplicates cost nothing; a piece ahead may be held by the caller and offered again.
    /// </summary>
    /// <returns>How many bytes at the front are known already and whether the rest is next; the whole length when all is known.</returns>
    /// <exception cref="LaneProtocolException">Beyond the limit, or behind the final offset.</exception>
    public readonly (int Skip, bool IsNext) Judge(long offset, int length)
    {
        var end = offset + length;
        if (end > Limit)
            throw new LaneProtocolException($"DATA up to {end} is beyond the limit {Limit}") { Kind = ProtocolViolation.BeyondLimit };
        if (end > Final)
            throw new LaneProtocolException($"DATA up to {end} is behind the final offset {Final}") { Kind = ProtocolViolation.BadOffset };
        if (offset > Received)
            return (0, false);
        return ((int)Math.Min(length, Received - offset), true);
    }

    public void Take(int bytes) => Received += bytes;

    /// <exception cref="LaneProtocolException">It contradicts an earlier FIN or what was received.</exception>
    public void Fin(long final)
    {
        if (Final is { } known && known != final)
            throw new LaneProtocolException($"FIN at {final} contradicts the final offset {known}") { Kind = ProtocolViolation.ContradictingFin };
        if (final < Received)
            throw new LaneProtocolException($"FIN at {final} lies before the {Received} bytes received") { Kind = ProtocolViolation.ContradictingFin };
        if (final > Limit)
            throw new LaneProtocolException($"FIN at {final} is beyond the limit {Limit}") { Kind = ProtocolViolation.BeyondLimit };
        Final = final;
    }

    public void Consume(int bytes) => Consumed += bytes;

    /// <summary>The half-close was passed on: its virtual byte is consumed.</summary>
    public void ConsumeFin()
    {
        if (Final == Consumed)
            Consumed++;
    }

    public void Raise(long limit) => Limit = Math.Max(Limit, limit);
}
