using Connector.Protocol.Ids;

namespace Connector.Server.Feed;

/// <summary>The edge that runs in the control plane's own process.</summary>
public static class BuiltInEdge
{
    public const string Name = "local";

    /// <summary>No registered edge can have it: theirs are UUIDs.</summary>
    public static readonly EdgeId Id = new(Name);
}
