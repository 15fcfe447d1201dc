namespace Connector.Host.Drill;

/// <summary>How a connection of the load shows that it is served.</summary>
internal enum LoadKind
{
    /// <summary>It is let stand: any service may be behind it.</summary>
    Hold,

    /// <summary>A request is answered.</summary>
    Http,

    /// <summary>What is sent comes back.</summary>
    Echo,
}
