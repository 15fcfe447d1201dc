using Connector.Protocol.Ids;
using Connector.Relay.Frames;

namespace Connector.Relay.Links;

/// <summary>What a link tells its owner on the replica. Called from lane loops: post a message and return, never block or throw.</summary>
public interface IReplicaLinkOwner
{
    void StreamOffered(OfferedStream stream);

    void ServeAnswered(SocketId socketId, ServeCode code);

    /// <summary>The edge asks us to leave within the grace.</summary>
    void GoAwayReceived(GoAwayReason reason, TimeSpan grace);

    /// <summary>The edge acknowledged our drain: no stream with a higher id will be offered.</summary>
    void DrainAcknowledged(uint highestOpen);

    /// <summary>A renewed ticket was taken over (true) or refused.</summary>
    void TicketAnswered(bool accepted, string text);
}
