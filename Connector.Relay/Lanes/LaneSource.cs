namespace Connector.Relay.Lanes;

/// <summary>What a lane's writer takes frames from in turn, and a lane's reader wakes when frames for it have come.</summary>
public abstract class LaneSource
{
    private bool wakesLater;

    private protected LaneSource()
    {
    }

    /// <summary>The lane on whose ready queue it stands. Guarded by that lane; one that has left for another lane is queued there anew.</summary>
    internal Lane? QueuedOn { get; set; }

    /// <summary>On the list of a lane's reader, which will wake it before it waits.</summary>
    internal bool WakesLater
    {
        get => Volatile.Read(ref wakesLater);
        set => Volatile.Write(ref wakesLater, value);
    }

    /// <summary>Little is due: it may go before those that move a lot. A guess; whoever calls holds none of its locks.</summary>
    internal abstract bool IsSmall { get; }

    /// <summary>Writes what is due into the batch of the lane that it belongs to; nothing into that of another.</summary>
    /// <returns>Whether there is more that could be written now.</returns>
    internal abstract bool WriteTo(Lane writer, Span<byte> batch, ref int position);

    /// <summary>From a lane's reader, before it waits: frames have come.</summary>
    internal abstract void Wake();
}
