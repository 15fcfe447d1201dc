using Connector.Relay.Frames;
using Connector.Relay.Streams;

namespace Connector.Relay.Links;

/// <summary>Edge: an OPEN that waits for its answer, and the places it holds among the pending dials of link and socket.</summary>
internal sealed class PendingOpen(RelayStream stream, StreamOpening opening, SemaphoreSlim linkSlots, SemaphoreSlim socketSlots)
{
    private int released;

    public bool IsSlotHeld => Volatile.Read(ref released) == 0;

    public void Accepted() => opening.SayAccepted();

    public void Opened()
    {
        opening.SayAccepted();
        Complete(new OpenOutcome.Opened(stream));
    }

    /// <summary>The caller gives up: the stream is reset, and the places stay taken until the replica has answered.</summary>
    public void Cancel() => stream.Reset(ResetCode.Cancelled);

    public void Refused(RefusalCode code, string text) => Complete(new OpenOutcome.Refused(code, text));

    public void Failed(StreamEnd end, string reason) => opening.End(
        end == StreamEnd.Stopped ? new OpenOutcome.Cancelled() : new OpenOutcome.LinkLost(reason));

    /// <summary>The replica has answered, so its dial has ended. Idempotent.</summary>
    public void ReleaseSlot()
    {
        if (Interlocked.Exchange(ref released, 1) != 0)
            return;
        linkSlots.Release();
        socketSlots.Release();
    }

    private void Complete(OpenOutcome outcome)
    {
        opening.End(outcome);
        ReleaseSlot();
    }
}
