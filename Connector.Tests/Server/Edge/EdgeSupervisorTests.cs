using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Sockets;
using Connector.Server.Feed;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge;

[Trait("kind", Kinds.Actor)]
public sealed class EdgeSupervisorTests : EdgeActorKit
{
    private readonly IActorRef supervisor;

    public EdgeSupervisorTests()
    {
        supervisor = Sys.ActorOf(EdgeSupervisor.Props(Dependencies(), _ => tickets), "edge");
    }

    [Fact]
    public async Task Deleted_socket_goes_with_its_clients_and_leaves_the_others()
    {
        feed.Push(EdgeSamples.State(1, [EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")]));
        var web = await ListeningAsync("web");
        var ssh = await ListeningAsync("ssh");
        Replica("r1", "web", "ssh");
        using var one = await EdgeClient.ConnectAsync(web);
        using var two = await EdgeClient.ConnectAsync(ssh);
        Assert.Equal("one", await one.EchoAsync("one"));
        Assert.Equal("two", await two.EchoAsync("two"));
        feed.Push(EdgeSamples.State(2, [EdgeSamples.Socket("ssh")]));
        Assert.Equal("reset", await one.EndAsync());
        Assert.Equal("still", await two.EchoAsync("still"));
        await AwaitAssertAsync(async () => await Assert.ThrowsAsync<SocketException>(() => EdgeClient.ConnectAsync(web)));
        Assert.Equal(2, feed.All<EdgeReport.Listening>().Count);
    }

    [Fact]
    public async Task Older_state_changes_nothing()
    {
        feed.Push(EdgeSamples.State(5, [EdgeSamples.Socket("web")]));
        await ListeningAsync("web");
        feed.Push(EdgeSamples.State(4, []));
        feed.Push(EdgeSamples.State(6, [EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")]));
        await ListeningAsync("ssh");
        Assert.Equal(2, feed.All<EdgeReport.Listening>().Count);
    }

    [Fact]
    public async Task Broken_feed_is_followed_again_and_sockets_stay()
    {
        feed.Push(EdgeSamples.State(1, [EdgeSamples.Socket("web")]));
        var web = await ListeningAsync("web");
        Replica("r1", "web");
        using var client = await EdgeClient.ConnectAsync(web);
        Assert.Equal("one", await client.EchoAsync("one"));
        feed.Break();
        await AwaitAssertAsync(() =>
        {
            time.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(2, feed.Follows);
        });
        Assert.Equal("two", await client.EchoAsync("two"));
        feed.Push(EdgeSamples.State(2, [EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")]));
        await ListeningAsync("ssh");
    }

    [Fact]
    public async Task Socket_actor_that_dies_comes_back_with_the_newest_definition_and_others_keep_their_incarnation()
    {
        feed.Push(EdgeSamples.State(1, [EdgeSamples.Socket("web"), EdgeSamples.Socket("ssh")]));
        await ListeningAsync("web");
        await ListeningAsync("ssh");
        var web = await ChildAsync("web");
        var ssh = await ChildAsync("ssh");
        feed.Push(EdgeSamples.State(2, [EdgeSamples.Socket("web", name: "renamed"), EdgeSamples.Socket("ssh")]));
        Watch(web);
        web.Tell(Kill.Instance);
        await ExpectTerminatedAsync(web, TimeSpan.FromSeconds(30));
        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(TimeSpan.FromSeconds(1.1));
            Assert.Equal(2, feed.All<EdgeReport.Listening>().Count(report => report.SocketId.Value == "web"));
        });
        Assert.NotEqual(web.Path.Uid, (await ChildAsync("web")).Path.Uid);
        Assert.Equal(ssh.Path.Uid, (await ChildAsync("ssh")).Path.Uid);
    }

    [Fact]
    public async Task Deleted_connector_loses_its_links_and_the_loss_is_reported()
    {
        feed.Push(EdgeSamples.State(1, [EdgeSamples.Socket("web")]));
        await ListeningAsync("web");
        var link = Replica("r1", "web");
        var report = await LinksReportAsync(changed => changed.Replicas.Length == 1);
        Assert.Equal(new ReplicaId("r1"), report.Replicas[0].ReplicaId);
        Assert.Equal([new SocketId("web")], report.Replicas[0].Sockets);
        feed.Push(EdgeSamples.State(2, [], connectors: [EdgeSamples.ConnectorB]));
        await LinksReportAsync(changed => changed.Replicas.IsEmpty);
        Assert.Equal(GoAwayReason.Revoked, link.Ended?.Reason);
    }

    [Fact]
    public async Task Number_of_live_streams_is_reported_without_a_change_of_links()
    {
        feed.Push(EdgeSamples.State(1, [EdgeSamples.Socket("web")]));
        await ListeningAsync("web");
        var link = Replica("r1", "web");
        await LinksReportAsync(changed => changed.Replicas is [{ LiveStreams: 0 }]);
        link.LiveStreams = 7;
        await LinksReportAsync(changed => changed.Replicas is [{ LiveStreams: 7 }]);

        // What the wait above made due has to be through before it is counted.
        await ChildAsync("web");
        var reports = feed.All<EdgeReport.LinksChanged>().Count;
        for (var second = 0; second < 30; second++)
        {
            // Each sweep has to be through its mailbox before the next one is due.
            Scheduler.Advance(TimeSpan.FromSeconds(1));
            await ChildAsync("web");
        }

        // Told again only so that the age of the path's proof is known: not more often than at each full sweep.
        await AwaitAssertAsync(() => Assert.True(feed.All<EdgeReport.LinksChanged>().Count > reports));
        Assert.InRange(feed.All<EdgeReport.LinksChanged>().Count, reports + 1, reports + 10);
    }

    [Fact]
    public async Task Expired_ticket_ends_its_link_without_any_news()
    {
        feed.Push(EdgeSamples.State(1, [EdgeSamples.Socket("web")]));
        await ListeningAsync("web");
        var link = Replica("r1", "web");
        time.Advance(TimeSpan.FromHours(25));
        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(TimeSpan.FromSeconds(5));
            Assert.NotNull(link.Ended);
        });
    }

    private async Task<IActorRef> ChildAsync(string socket)
        => await Sys.ActorSelection(supervisor.Path / $"socket-{socket}").ResolveOne(TimeSpan.FromSeconds(30));

    private async Task<IPEndPoint> ListeningAsync(string socket)
        => (await feed.FirstAsync<EdgeReport.Listening>(report => report.SocketId.Value == socket)).EndPoint;

    private async Task<EdgeReport.LinksChanged> LinksReportAsync(Func<EdgeReport.LinksChanged, bool> match)
    {
        await AwaitAssertAsync(() =>
        {
            Scheduler.Advance(TimeSpan.FromSeconds(1));
            Assert.Contains(feed.All<EdgeReport.LinksChanged>(), report => match(report));
        });
        return await feed.FirstAsync(match);
    }
}
