using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Relay.Links;

namespace Connector.Actors.Sockets;

/// <summary>Messages of <c>/user/sockets</c>.</summary>
public static class SocketSupervisorProtocol
{
    /// <summary>From DesiredStateActor: the whole set wanted now. Applied by difference, in order of arrival.</summary>
    public sealed record ApplySockets(DesiredStateVersion Version, ImmutableArray<SocketDefinition> Sockets);

    /// <summary>From a LinkActor: an edge offered a stream. Ownership of the offer passes on.</summary>
    public sealed record OpenStream(OfferedStream Stream);

    /// <summary>Published on the system's event stream by SocketSupervisor on each change; LinkActors serve by it, health and the control session report it.</summary>
    /// <param name="State">starting, serving, unsupported, failed, or gone.</param>
    public sealed record SocketStatusChanged(
        SocketId SocketId, string Name, string State, string Reason, long ConfigVersion, int LiveStreams, DateTimeOffset Since);

    /// <summary>Answered with <see cref="SocketStatuses"/>.</summary>
    public sealed record GetSocketStatuses
    {
        public static readonly GetSocketStatuses Instance = new();
    }

    public sealed record SocketStatuses(ImmutableArray<SocketStatusChanged> Sockets);
}
