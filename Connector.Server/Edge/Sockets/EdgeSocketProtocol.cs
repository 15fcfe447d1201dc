using Akka.Actor;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Sockets;

/// <summary>Messages to an <see cref="EdgeSocketActor"/>. Local only.</summary>
internal static class EdgeSocketProtocol
{
    /// <summary>A new definition of the same socket.</summary>
    public sealed record ApplySocket(EdgeSocket Socket) : INoSerializationVerificationNeeded;
}
