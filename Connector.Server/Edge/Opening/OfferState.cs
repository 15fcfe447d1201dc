namespace Connector.Server.Edge.Opening;

/// <summary>What has become of one offer of a stream to one link.</summary>
internal enum OfferState : byte
{
    /// <summary>Not made.</summary>
    None,

    /// <summary>Neither accepted nor refused.</summary>
    Waiting,

    /// <summary>The replica said so first: it alone works on the stream.</summary>
    Accepted,

    /// <summary>It has the client.</summary>
    Won,

    /// <summary>Refused, lost or withdrawn: the replica owes nothing and gets nothing.</summary>
    Over,

    /// <summary>Taken back by this edge; whatever the replica still says of it does not count.</summary>
    Reset,
}
