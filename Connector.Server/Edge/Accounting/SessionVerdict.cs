using System.Text.Json;
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
            StreamEnd.LocalFailed => new(SessionEnder.Client, Name(ResetCode.ConnectionLost)),
            StreamEnd.RemoteReset => OfReplica(outcome.Code ?? ResetCode.Gone),
            StreamEnd.Stopped => OfEdge(outcome.Code ?? ResetCode.Policy, allowed),
            // A link that lost its right is ended with its streams.
            StreamEnd.LinkLost => allowed ? new(SessionEnder.Link, Name(ResetCode.LinkLost)) : new(SessionEnder.Policy, Name(ResetCode.Policy)),
            _ => new(SessionEnder.Edge, Name(ResetCode.Internal)),
        };

    private static SessionVerdict OfReplica(ResetCode code) => code switch
    {
        ResetCode.ConnectionLost => new(SessionEnder.Upstream, Name(code)),
        ResetCode.IdleTimeout or ResetCode.MaximumAge => new(SessionEnder.Limit, Name(code)),
        ResetCode.LinkLost => new(SessionEnder.Link, Name(code)),
        _ => new(SessionEnder.Replica, Name(code)),
    };

    private static SessionVerdict OfEdge(ResetCode code, bool allowed) => code switch
    {
        ResetCode.IdleTimeout or ResetCode.MaximumAge => new(SessionEnder.Limit, Name(code)),
        ResetCode.LinkLost => new(SessionEnder.Link, Name(code)),
        // What was ended although nothing forbids it was ended because the edge stops.
        ResetCode.Policy => allowed ? new(SessionEnder.Edge, "stopped") : new(SessionEnder.Policy, Name(code)),
        _ => new(SessionEnder.Edge, Name(code)),
    };

    // A newer replica may know codes that this edge does not.
    private static string Name(ResetCode code) => Enum.IsDefined(code) ? JsonNamingPolicy.SnakeCaseLower.ConvertName(code.ToString()) : "unknown";
}
