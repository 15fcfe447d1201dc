using Akka.Event;

namespace Connector.Actors.Sockets;

/// <summary>Messages between SocketSupervisor and its SocketActors.</summary>
internal static class SocketProtocol
{
    /// <summary>To the socket: serve by this definition from now on. Running streams are not touched.</summary>
    public sealed record ApplyDefinition(SocketDefinition Definition, SocketLimits Limits);

    /// <summary>To the socket: read the same definition again; what it refers to may have changed.</summary>
    public sealed record RetryDefinition
    {
        public static readonly RetryDefinition Instance = new();
    }

    /// <summary>To the socket: its offer. Lost with the mailbox of a stopping actor it is refused by <see cref="LostOfferActor"/>.</summary>
    public sealed record Open(IStreamOffer Offer);

    /// <summary>To the socket: refuse what is pending, end the streams, stop.</summary>
    public sealed record StopSocket(string Reason);

    /// <summary>From the socket. The supervisor publishes it with what it knows besides.</summary>
    /// <param name="Upstream">What it dials, or "-".</param>
    public sealed record StateChanged(string State, string Reason, string Upstream);

    /// <summary>From the socket: number of its live streams.</summary>
    public sealed record LiveStreamsChanged(int Live) : IDeadLetterSuppression;
}
