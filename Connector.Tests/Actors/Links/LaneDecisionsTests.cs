using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using CsCheck;
using Xunit;

namespace Connector.Tests.Actors.Links;

[Trait("kind", Kinds.Pure)]
public sealed class LaneDecisionsTests
{
    private static readonly string[] States =
        [SocketStates.Serving, SocketStates.Starting, SocketStates.Failed, SocketStates.Gone, SocketStates.Unsupported];

    [Fact]
    public void Backoff_doubles_its_ceiling_up_to_the_bound()
    {
        var backoff = new LaneBackoff(LaneSettings.Default, () => 1.0);

        Assert.Equal([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10], Enumerable.Range(0, 9).Select(_ => Math.Round(backoff.Next().TotalSeconds, 3)));
    }

    [Fact]
    public void Backoff_stays_within_its_bounds()
        => Gen.Double[0, 1].Array[1, 50].Sample(randoms =>
        {
            var i = 0;
            var backoff = new LaneBackoff(LaneSettings.Default, () => randoms[i++]);
            return randoms.All(_ => backoff.Next().TotalSeconds is >= 0.1 and <= 10);
        });

    [Fact]
    public void Backoff_starts_over_only_after_a_proven_lane()
    {
        var backoff = new LaneBackoff(LaneSettings.Default, () => 1.0);
        for (var i = 0; i < 5; i++)
            backoff.Next();

        backoff.Lived(TimeSpan.FromSeconds(9.9));
        Assert.Equal(3.2, backoff.Next().TotalSeconds, 3);
        backoff.Lived(TimeSpan.FromSeconds(10));
        Assert.Equal(0.1, backoff.Next().TotalSeconds, 3);
    }

    [Theory]
    [InlineData(RejectCode.Ticket, 30d, true, false)]
    [InlineData(RejectCode.KeyMismatch, 30d, true, false)]
    [InlineData(RejectCode.Version, 30d, false, false)]
    [InlineData(RejectCode.LinkMismatch, null, false, true)]
    [InlineData(RejectCode.Busy, 7d, false, false)]
    [InlineData(RejectCode.Draining, 7d, false, false)]
    public void Reject_is_answered_by_its_code(RejectCode code, double? wait, bool ticketHelps, bool newLink)
    {
        var retry = LaneRetry.After(code, TimeSpan.FromSeconds(7), LaneSettings.Default);

        Assert.Equal((wait, ticketHelps, newLink), (retry.Wait?.TotalSeconds, retry.NewTicketHelps, retry.NewLink));
    }

    [Fact]
    public void Retry_after_is_bounded()
        => Assert.Equal(LaneSettings.Default.LongestRetryAfter, LaneRetry.After(RejectCode.Busy, TimeSpan.FromDays(9), LaneSettings.Default).Wait);

    [Fact]
    public void Edge_that_makes_the_link_twice_has_forgotten_it()
    {
        var welcome = new LaneWelcome(new EdgeId("e"), KnownLink: true, 1, 8, 64);
        var link = new LinkGeneration(null!, 1);

        // The order in which two lanes' answers are read says nothing.
        Assert.True(link.TryConfirm(welcome));
        Assert.True(link.TryConfirm(welcome with { KnownLink = false }));
        Assert.True(link.TryConfirm(welcome));
        Assert.False(link.TryConfirm(welcome with { KnownLink = false }));
    }

    [Theory]
    [InlineData("edge.example:8444", "edge.example", 8444)]
    [InlineData("127.0.0.1:1", "127.0.0.1", 1)]
    [InlineData("[::1]:65535", "::1", 65535)]
    public void Address_is_split(string text, string host, int port)
    {
        Assert.True(LaneDialer.TrySplit(text, out var gotHost, out var gotPort));
        Assert.Equal((host, port), (gotHost, gotPort));
    }

    [Theory]
    [InlineData("")]
    [InlineData("edge")]
    [InlineData(":1")]
    [InlineData("edge:0")]
    [InlineData("edge:65536")]
    [InlineData("edge:-1")]
    [InlineData("::1:80")]
    public void Bad_address_is_not(string text) => Assert.False(LaneDialer.TrySplit(text, out _, out _));

    [Fact]
    public void Serve_table_holds_what_serves()
        => Gen.Select(Gen.Int[0, 3], Gen.Int[0, States.Length - 1])
            .Array[0, 40].Sample(changes =>
            {
                var table = new ServeTable();
                var told = new HashSet<SocketId>();
                foreach (var (number, index) in changes)
                {
                    var state = States[index];
                    var id = new SocketId($"{number}");
                    switch (table.Apply(new SocketSupervisorProtocol.SocketStatusChanged(id, "", state, "", 1, 0, default)))
                    {
                        case true:
                            Assert.True(told.Add(id));
                            break;
                        case false:
                            Assert.True(told.Remove(id));
                            break;
                    }
                }

                Assert.Equal(told.OrderBy(s => s.Value), table.Served.Keys.OrderBy(s => s.Value));
            });
}
