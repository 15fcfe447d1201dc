using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Health;
using Connector.Actors.Reach;
using Connector.Protocol.Ids;

namespace Connector.Actors.Sockets.Checks;

/// <summary>Messages of the <see cref="UpstreamCheckActor"/>. Times are by <see cref="Lamp.Now"/>.</summary>
public static class UpstreamCheckProtocol
{
    /// <summary>Published on the system's event stream: upstream lamps that changed, at once, and those that were only proven again, every few seconds.</summary>
    public sealed record UpstreamLampsChanged(ImmutableArray<UpstreamLampOf> Lamps);

    public sealed record UpstreamLampOf(SocketId SocketId, Lamp Lamp);

    /// <summary>By way of the SocketSupervisor. Answered with <see cref="UpstreamLampsChanged"/>: all of them.</summary>
    public sealed record GetUpstreamLamps
    {
        public static readonly GetUpstreamLamps Instance = new();
    }

    /// <summary>From a socket's actor, by which the watch lives: this is its upstream from now on.</summary>
    internal sealed record Watch(SocketId SocketId, string Name, PlainUpstream Upstream, UpstreamCheck Check);

    /// <summary>From a socket's actor: it serves no more. Ignored when another actor has taken the watch over.</summary>
    internal sealed record Unwatch(SocketId SocketId);

    /// <summary>The dial of a stream has connected, and the stream runs until <see cref="StreamEnded"/>.</summary>
    internal sealed record StreamBegan(SocketId SocketId, PlainUpstream Upstream, TimeSpan Dialled, IStreamOffer Stream) : INoSerializationVerificationNeeded;

    internal sealed record StreamEnded(SocketId SocketId, IStreamOffer Stream) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    /// <summary>The dial of a stream brought no connection, and it was not the user who gave up.</summary>
    internal sealed record DialFailed(SocketId SocketId, PlainUpstream Upstream, TimeSpan Dialled, string Reason);
}
