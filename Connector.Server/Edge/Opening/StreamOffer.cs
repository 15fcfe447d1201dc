using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Server.Edge.Links;

namespace Connector.Server.Edge.Opening;

/// <summary>One offer of a stream to one link, and what was heard of it. Belongs to one <see cref="StreamOpener"/> call.</summary>
internal sealed class StreamOffer(AdmittedLink link, IStreamOpening opening, bool isHedge)
{
    private bool acceptedTold;
    private bool answerTold;

    public AdmittedLink Link => link;

    /// <summary>Made while another was waiting.</summary>
    public bool IsHedge => isHedge;

    public IRelayedStream Stream => ((OpenAnswer.Opened)opening.Answer.Result).Stream;

    /// <summary>What to wait for: nothing more once it was taken back or has ended.</summary>
    public void AddPending(List<Task> tasks)
    {
        if (answerTold)
        {
            return;
        }

        tasks.Add(opening.Answer);
        if (!acceptedTold)
        {
            tasks.Add(opening.Accepted);
        }
    }

    public void Reset()
    {
        acceptedTold = answerTold = true;
        opening.Cancel();
    }

    /// <summary>The next thing heard that was not told yet, or null.</summary>
    public RaceInput? Hear(int number)
    {
        if (!acceptedTold && opening.Accepted.IsCompleted)
        {
            acceptedTold = true;
            return new RaceInput.Accepted(number);
        }

        if (answerTold || !opening.Answer.IsCompleted)
        {
            return null;
        }

        answerTold = true;

        // What the relay throws is this edge's own failure; it goes to whoever records it.
        return opening.Answer.GetAwaiter().GetResult() switch
        {
            OpenAnswer.Opened => new RaceInput.Opened(number),
            OpenAnswer.Refused { Code: RefusalCode.Stale } => new RaceInput.Ended(number, OfferEnd.Stale),
            OpenAnswer.Refused { Code: RefusalCode.Draining } => new RaceInput.Ended(number, OfferEnd.Draining),
            OpenAnswer.Refused { Code: RefusalCode.Busy or RefusalCode.NoSocket } => new RaceInput.Ended(number, OfferEnd.Busy),
            OpenAnswer.Refused { Code: RefusalCode.UpstreamRefused or RefusalCode.UpstreamTimeout or RefusalCode.Unreachable or RefusalCode.Forbidden }
                => new RaceInput.Ended(number, OfferEnd.Upstream),
            OpenAnswer.Refused => new RaceInput.Ended(number, OfferEnd.Final),
            _ => new RaceInput.Ended(number, OfferEnd.Lost),
        };
    }

    /// <summary>Why nothing came of it, for the record of the client.</summary>
    public OpenResult.Failed Describe() => opening.Answer.IsCompletedSuccessfully ? opening.Answer.Result switch
    {
        OpenAnswer.Refused { Code: RefusalCode.Draining } refused
            => new(link, "draining", $"replica {link.ReplicaId} is draining and takes no new streams", refused.Text),
        OpenAnswer.Refused refused => new(link, CodeNames.Of(refused.Code, unknown: "other"), $"replica {link.ReplicaId} refused it ({refused.Code})", refused.Text),
        OpenAnswer.LinkLost lost => new(link, "lost", $"the link to replica {link.ReplicaId} was lost before it answered ({lost.Reason})", ""),
        OpenAnswer.Cancelled => new(link, "withdrawn", $"the socket was withdrawn from replica {link.ReplicaId} before it answered", ""),
        var other => throw new InvalidOperationException($"an offer that ended with {other.GetType().Name} has not failed"),
    } : throw new InvalidOperationException("an offer without an answer has not failed");
}
