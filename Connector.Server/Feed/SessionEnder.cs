namespace Connector.Server.Feed;

/// <summary>Who ended a session.</summary>
public enum SessionEnder
{
    /// <summary>The end user closed first, or its connection was lost.</summary>
    Client,

    /// <summary>The upstream closed first, or its connection was lost.</summary>
    Upstream,

    /// <summary>The edge stopped or failed.</summary>
    Edge,

    /// <summary>The replica stopped serving the socket, or failed.</summary>
    Replica,

    /// <summary>The control plane: socket deleted, withdrawn from the connector or closed to the client's address, or the replica's right revoked.</summary>
    Policy,

    /// <summary>A limit of the socket: idle timeout or maximum age.</summary>
    Limit,

    /// <summary>The link to the replica was lost and did not come back in time.</summary>
    Link,
}
