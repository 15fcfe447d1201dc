using Akka.Event;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;

namespace Connector.Actors.Links;

/// <summary>Messages between LinkSupervisor, its LinkActors and their LaneActors. Generation counts the links to one edge.</summary>
internal static class LinkProtocol
{
    public sealed record ServeAnswered(int Generation, SocketId SocketId, ServeCode Code) : IDeadLetterSuppression;

    public sealed record GoAway(int Generation, GoAwayReason Reason, TimeSpan Grace) : IDeadLetterSuppression;

    public sealed record DrainAcknowledged(int Generation) : IDeadLetterSuppression;

    public sealed record TicketAnswered(int Generation, bool Accepted, string Text) : IDeadLetterSuppression;

    /// <summary>To a link: its edge has other addresses or pins. Lanes that are up stay.</summary>
    public sealed record ApplyEdge(LinkSupervisorProtocol.EdgeAddress Edge);

    /// <summary>To a link: answered with <see cref="LinkDrained"/>.</summary>
    public sealed record DrainLink(TimeSpan Grace);

    public sealed record LinkDrained(int StreamsLeft);

    /// <summary>From a lane: attached to the link.</summary>
    public sealed record LaneUp(int Generation, LaneWelcome Welcome);

    /// <summary>From a lane: was attached and is over.</summary>
    public sealed record LaneDown(int Generation, LaneEnd End) : IDeadLetterSuppression;

    /// <summary>From a lane: a dial brought nothing; it is tried again by itself.</summary>
    public sealed record LaneNotUp(int Generation, string Reason, TimeSpan NextTry) : IDeadLetterSuppression;

    /// <summary>From a lane: the edge does not know our link any more, or knows it from somebody else. Its stream is closed.</summary>
    public sealed record LinkBurnt(int Generation, string Reason);

    /// <summary>To a lane: streams wait since the last lane has ended, do not sit out a long wait.</summary>
    public sealed record Hurry
    {
        public static readonly Hurry Instance = new();
    }

    /// <summary>To a lane: keep what is up, dial nothing any more.</summary>
    public sealed record StopDialling
    {
        public static readonly StopDialling Instance = new();
    }
}
