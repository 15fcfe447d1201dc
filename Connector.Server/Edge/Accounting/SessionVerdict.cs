using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Streams;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Accounting;

/// <summary>Who ended a stream, and why in one word, from what the edge's end of it saw.</summary>
internal readonly record struct SessionVerdict(SessionEnder EndedBy, string Code)
{
    public const string Closed = "closed";

    /// <param name="allowed">Client, socket and replica still have their rights after the end.</param>
    public static SessionVerdict Of(StreamOutcome outcome, bool allowed)
        => outcome.End switch
        {
            StreamEnd.Completed => new(outcome.LocalFinishedFirst ? SessionEnder.Client : SessionEnder.Upstream, Closed),
            StreamEnd.LocalFailed => new(SessionEnder.Client, CodeNames.Of(ResetCode.ConnectionLost)),
            StreamEnd.RemoteReset => OfReplica(outcome.Code ?? ResetCode.Gone),
            StreamEnd.Stopped => OfEdge(outcome.Code ?? ResetCode.Policy, allowed),
            // A link that lost its right is ended with its streams.
            StreamEnd.LinkLost => allowed ? new(SessionEnder.Link, CodeNames.Of(ResetCode.LinkLost)) : new(SessionEnder.Policy, CodeNames.Of(ResetCode.Policy)),
            _ => new(SessionEnder.Edge, CodeNames.Of(ResetCode.Internal)),
        };

    private static SessionVerdict OfReplica(ResetCode code) => code switch
    {
        ResetCode.ConnectionLost => new(SessionEnder.Upstream, CodeNames.Of(code)),
        ResetCode.IdleTimeout or ResetCode.MaximumAge => new(SessionEnder.Limit, CodeNames.Of(code)),
        ResetCode.LinkLost => new(SessionEnder.Link, CodeNames.Of(code)),
        _ => new(SessionEnder.Replica, CodeNames.Of(code)),
    };

    private static SessionVerdict OfEdge(ResetCode code, bool allowed) => code switch
    {
        ResetCode.IdleTimeout or ResetCode.MaximumAge => new(SessionEnder.Limit, CodeNames.Of(code)),
        ResetCode.LinkLost => new(SessionEnder.Link, CodeNames.Of(code)),
        // What was ended although nothing forbids it was ended because the edge stops.
        ResetCode.Policy => allowed ? new(SessionEnder.Edge, "stopped") : new(SessionEnder.Policy, CodeNames.Of(code)),
        _ => new(SessionEnder.Edge, CodeNames.Of(code)),
    };
}
