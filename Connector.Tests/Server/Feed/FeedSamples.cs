using System.Net;
using Connector.Protocol.Ids;
using Connector.Server.Feed;

namespace Connector.Tests.Server.Feed;

/// <summary>Reports for tests of the feed.</summary>
internal static class FeedSamples
{
    public static readonly DateTimeOffset Time = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    public static SessionRecord Session(ConnectorId? connector = null, EdgeId? edge = null) => new(
        Guid.CreateVersion7(), new SocketId("s"), "web", connector ?? new ConnectorId("c"), new ReplicaId("r"), edge ?? new EdgeId("e"),
        new IPEndPoint(IPAddress.Parse("192.0.2.7"), 51_000), Time);

    public static EdgeReport.SessionEnded Ended(SessionRecord session) => new(
        session, new SessionEnding(Time.AddSeconds(3), TimeSpan.FromSeconds(3), 10, 20, SessionEnder.Client, "closed", "both sides closed", 1));

    public static EdgeReport.Logged Logged(string message, ConnectorId? connector = null)
        => new(connector ?? new ConnectorId("c"), new SocketId("s"), Time, "warn", message, [new("replica", "r")]);

    public static EdgeReport.LinksChanged Links(ConnectorId connector, BootId boot, params SocketId[] sockets)
        => new(connector, [new ReplicaLinks(new ReplicaId("r"), boot, 2, 1, false, [.. sockets])]);
}
