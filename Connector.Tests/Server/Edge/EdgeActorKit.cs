using System.Net;
using Akka.TestKit;
using Connector.Protocol.Ids;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Sockets;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge;

/// <summary>Virtual time, and around the actors of one edge a feed, tickets and links to replicas that the test plays.</summary>
public abstract class EdgeActorKit : Akka.TestKit.Xunit.TestKit
{
    private protected readonly FakeTimeProvider time = new(EdgeSamples.Now);
    private protected readonly FakeFeed feed = new();
    private protected readonly KnownTickets tickets = new();
    private protected readonly LinkTable links;

    private protected EdgeActorKit()
        : base("""
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            akka.loglevel = WARNING
            akka.test.single-expect-default = 60s
            akka.test.startup-timeout = 60s
            """)
    {
        links = new LinkTable(new EdgeLimits(), time, (_, _, _) => new FakeRelayLink());
    }

    private protected TestScheduler Scheduler => (TestScheduler)Sys.Scheduler;

    private protected FakeRelayLink Replica(string name, params IEnumerable<string> serves)
        => FakeRelayLink.Admitted(links, tickets, name, serves.Select(id => new SocketId(id)));

    private protected EdgeSocketDependencies Dependencies(EdgeLimits? limits = null, PortRange? range = null) => new(
        new EdgeOptions
        {
            EdgeId = new EdgeId("edge"),
            ServerCertificate = () => throw new InvalidOperationException("sockets need no certificate"),
            BindAddress = IPAddress.Loopback,
            SocketPorts = range,
            Limits = limits ?? new EdgeLimits(),
        },
        links, feed, _ => null!, time);
}
