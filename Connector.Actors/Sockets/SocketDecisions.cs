using Connector.Actors.Reach;
using Connector.Relay.Frames;
using Connector.Relay.Streams;

namespace Connector.Actors.Sockets;

/// <summary>Decisions of a socket that need no state.</summary>
internal static class SocketDecisions
{
    /// <summary>What the edge is told of a dial that brought no connection.</summary>
    public static SocketRefusal Refusal(DialOutcome outcome) => outcome switch
    {
        DialOutcome.Refused refused => new SocketRefusal(RefusalCode.UpstreamRefused, refused.Text),
        DialOutcome.TimedOut timedOut => new SocketRefusal(RefusalCode.UpstreamTimeout, timedOut.Text),
        DialOutcome.Unreachable unreachable => new SocketRefusal(RefusalCode.Unreachable, unreachable.Text),
        DialOutcome.Forbidden forbidden => new SocketRefusal(RefusalCode.Forbidden, forbidden.Text),
        _ => throw new ArgumentException($"a dial that ended with {outcome.GetType().Name} is not refused", nameof(outcome)),
    };

    /// <summary>Whether the end of a stream is worth a record: a client that goes away or a socket that is stopped is not an error.</summary>
    public static bool IsFailure(StreamOutcome outcome) => outcome.End is StreamEnd.LocalFailed or StreamEnd.Failed;
}
