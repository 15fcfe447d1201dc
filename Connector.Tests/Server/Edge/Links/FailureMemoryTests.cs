using Connector.Protocol.Ids;
using Connector.Server.Edge;
using Connector.Server.Edge.Links;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class FailureMemoryTests
{
    private static readonly SocketId Web = new("web");
    private static readonly SocketId Ssh = new("ssh");

    private readonly FakeTimeProvider time = new();
    private readonly FailureMemory memory;

    public FailureMemoryTests() => memory = new FailureMemory(time);

    [Fact]
    public void Replica_is_avoided_for_the_socket_that_failed_and_for_no_other()
    {
        var (one, two) = (Link("r1"), Link("r2"));
        memory.Failed(one, Web);
        Assert.True(memory.Avoids(one, Web));
        Assert.False(memory.Avoids(one, Ssh));
        Assert.False(memory.Avoids(two, Web));
        time.Advance(Avoidance.Shortest);
        Assert.False(memory.Avoids(one, Web));
    }

    [Fact]
    public void One_success_forgives_all_that_was_before()
    {
        var link = Link("r1");
        for (var i = 0; i < 4; i++)
        {
            memory.Failed(link, Web);
            time.Advance(Avoidance.Longest);
        }

        memory.Failed(link, Web);
        memory.Succeeded(link, Web);
        Assert.False(memory.Avoids(link, Web));
        Assert.Equal(0, memory.Count);
        memory.Failed(link, Web);
        time.Advance(Avoidance.Shortest);
        Assert.False(memory.Avoids(link, Web));
    }

    [Fact]
    public void Another_link_of_the_same_process_is_the_same_replica_and_a_restarted_one_is_not()
    {
        var boot = BootId.New();
        memory.Failed(Link("r1", boot), Web);
        Assert.True(memory.Avoids(Link("r1", boot), Web));
        Assert.False(memory.Avoids(Link("r1"), Web));
    }

    [Fact]
    public void What_time_has_forgotten_is_thrown_out()
    {
        memory.Failed(Link("r1"), Web);
        time.Advance(TimeSpan.FromMinutes(4));
        memory.Failed(Link("r2"), Web);
        memory.Trim();
        Assert.Equal(2, memory.Count);
        time.Advance(TimeSpan.FromMinutes(2));
        memory.Trim();
        Assert.Equal(1, memory.Count);
    }

    private static AdmittedLink Link(string replica, BootId? boot = null)
    {
        var table = new LinkTable(new EdgeLimits(), TimeProvider.System, (_, _, _) => new FakeRelayLink());
        return new AdmittedLink(
            table, new LinkKey(EdgeSamples.Key, boot ?? BootId.New(), LinkId.New()), new HeldTicket(new("t"), EdgeSamples.Claims(replica: replica)), _ => new FakeRelayLink());
    }
}
