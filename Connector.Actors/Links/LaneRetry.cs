using Connector.Relay.Frames;

namespace Connector.Actors.Links;

/// <summary>What to do after an edge refused a lane.</summary>
/// <param name="Wait">Null: by the lane's own backoff.</param>
/// <param name="NewTicketHelps">A fresh ticket ends the wait at once.</param>
/// <param name="NewLink">The link id is burnt: make a new link.</param>
/// <param name="Advice">For the log record.</param>
internal sealed record LaneRetry(TimeSpan? Wait, bool NewTicketHelps, bool NewLink, string Advice)
{
    public static LaneRetry After(RejectCode code, TimeSpan retryAfter, LaneSettings settings)
    {
        var asked = retryAfter > settings.LongestRetryAfter ? settings.LongestRetryAfter : retryAfter;
        TimeSpan AtLeast(TimeSpan floor) => asked > floor ? asked : floor;
        return code switch
        {
            RejectCode.Ticket => new(AtLeast(settings.TicketRetry), true, false, "a new ticket from the control plane is needed; check the clocks if this lasts"),
            RejectCode.KeyMismatch => new(AtLeast(settings.TicketRetry), true, false, "the ticket is for another key; a new ticket from the control plane is needed"),
            RejectCode.Version => new(AtLeast(settings.TicketRetry), false, false, "the versions of replica and edge have none in common: upgrade the older one"),
            RejectCode.LinkMismatch => new(null, false, true, "the edge knows this link from another replica; a new link is made"),
            _ => new(asked > TimeSpan.Zero ? asked : null, false, false, "it is tried again"),
        };
    }
}
