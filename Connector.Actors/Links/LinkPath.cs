using System.Collections.Immutable;
using Connector.Actors.Health;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;

namespace Connector.Actors.Links;

/// <summary>Published on the system's event stream when it changes, and every few seconds: how far streams of one edge get on their way to this replica.</summary>
/// <param name="Lamp">Of the link itself; null when the link is gone for good.</param>
/// <param name="Answers">What the edge said to the SERVE of each socket; one that is missing was not answered yet.</param>
public sealed record LinkPath(EdgeId EdgeId, Lamp? Lamp, ImmutableDictionary<SocketId, ServeAnswer> Answers)
{
    /// <summary>The path lamp of a socket as this edge's link shows it.</summary>
    public Lamp Of(SocketId socketId)
    {
        var link = Lamp ?? new Lamp(LampState.Off, default, null, "the link was ended");
        if (link.State == LampState.Off)
            return link with { Reason = $"edge {EdgeId}: {link.Reason}" };
        if (!Answers.TryGetValue(socketId, out var answer))
            return new Lamp(LampState.Unknown, link.Since, link.ProvenAt, $"edge {EdgeId} has not said yet whether it takes the socket");
        if (answer.Code != ServeCode.Accepted)
            return new Lamp(LampState.Off, answer.Since, link.ProvenAt, $"edge {EdgeId} does not take the socket: {answer.Code}");
        return link with
        {
            Since = link.Since > answer.Since ? link.Since : answer.Since,
            Reason = link.Reason.Length == 0 ? "" : $"edge {EdgeId}: {link.Reason}",
        };
    }

    /// <summary>The worst that one of the links shows, and of equals the one whose proof is oldest.</summary>
    public static Lamp Worst(SocketId socketId, IEnumerable<LinkPath> links, DateTimeOffset started)
    {
        Lamp? worst = null;
        foreach (var link in links)
        {
            var lamp = link.Of(socketId);
            if (worst is null || Rank(lamp) > Rank(worst) || (Rank(lamp) == Rank(worst) && (lamp.ProvenAt ?? TimeSpan.MinValue) < (worst.ProvenAt ?? TimeSpan.MinValue)))
                worst = lamp;
        }

        return worst ?? new Lamp(LampState.Off, started, null, "this replica has no link to any edge");
    }

    private static int Rank(Lamp lamp) => lamp.State switch
    {
        LampState.Off => 2,
        LampState.Unknown => 1,
        _ => 0,
    };
}
