namespace Connector.Server.Store;

/// <summary>What an edge credential whose signature and expiry are good is worth.</summary>
internal enum EdgeStanding
{
    Valid,

    /// <summary>The edge has a newer one.</summary>
    Replaced,

    /// <summary>There is no such edge (any more).</summary>
    Deleted,
}
