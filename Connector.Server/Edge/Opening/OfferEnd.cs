namespace Connector.Server.Edge.Opening;

/// <summary>Why an offer ended without a stream.</summary>
internal enum OfferEnd : byte
{
    /// <summary>The link, before an answer.</summary>
    Lost,

    /// <summary>The replica slept while the offer waited for it.</summary>
    Stale,

    Draining,

    /// <summary>The replica has no room, or no such socket: nothing was dialled.</summary>
    Busy,

    /// <summary>The replica did not get to the upstream, or may not: reachability is its own, another one may.</summary>
    Upstream,

    /// <summary>A refusal that this edge does not know: it is told to the client as it is.</summary>
    Final,
}
