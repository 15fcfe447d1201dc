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

    /// <summary>What the upstream, or a rule on the way to it, has decided: another replica would hear the same.</summary>
    Final,
}
