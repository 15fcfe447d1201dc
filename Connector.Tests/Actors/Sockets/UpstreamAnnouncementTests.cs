using System.Net;
using System.Net.Sockets;
using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Relay.ProxyProtocol;
using Connector.Tests.Relay;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Actors.Sockets;

[Trait("kind", Kinds.Stream)]
public sealed class UpstreamAnnouncementTests
{
    private static readonly PlainUpstream Upstream = new("db", 5432);
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(30);
    private static readonly IPEndPoint Remote = IPEndPoint.Parse("192.0.2.9:5432");
    private readonly FakeTimeProvider time = new();

    [Theory]
    [InlineData("203.0.113.7:40000")]
    [InlineData("[2001:db8::7]:40000")]
    public async Task Upstream_gets_the_client_as_source_and_itself_as_destination(string client)
    {
        var (near, far) = await LinkPair.ConnectAsync();
        using (near)
        using (far)
        {
            var outcome = await SendAsync(near, IPEndPoint.Parse(client), CancellationToken.None);
            Assert.Same(near, Assert.IsType<DialOutcome.Connected>(outcome).Socket);
            await near.SendAsync("data"u8.ToArray());
            var header = await ProxyHeaderReader.ReadAsync(far, CancellationToken.None).WaitAsync(Long);
            Assert.Equal(new ProxyHeader(false, IPEndPoint.Parse(client), Remote), header);
            var rest = new byte[8];
            Assert.Equal(4, await far.ReceiveAsync(rest));
            Assert.Equal("data"u8.ToArray(), rest[..4]);
        }
    }

    [Fact]
    public async Task Dial_that_failed_is_passed_on()
    {
        var failed = new DialOutcome.Refused("nobody listens");
        Assert.Same(failed, await UpstreamAnnouncement.SendAsync(
            Task.FromResult<DialOutcome>(failed), Upstream, new IPEndPoint(IPAddress.Loopback, 1), time, CancellationToken.None));
    }

    [Fact]
    public async Task Upstream_that_resets_at_once_is_a_refusal_that_names_it()
    {
        var (near, far) = await LinkPair.ConnectAsync();
        far.LingerState = new LingerOption(true, 0);
        far.Dispose();
        await Eventually.IsTrue(() => near.Poll(0, SelectMode.SelectRead), "the reset has arrived");
        var outcome = await SendAsync(near, new IPEndPoint(IPAddress.Loopback, 1), CancellationToken.None);
        Assert.Contains("db:5432", Assert.IsType<DialOutcome.Refused>(outcome).Text, StringComparison.Ordinal);
        Assert.True(near.SafeHandle.IsClosed);
    }

    [Fact]
    public async Task Upstream_that_takes_nothing_is_given_up_at_the_deadline()
    {
        var (near, far) = await LinkPair.ConnectAsync();
        using (far)
        {
            await FillAsync(near);
            var sending = SendAsync(near, new IPEndPoint(IPAddress.Loopback, 1), CancellationToken.None);
            await Eventually.IsTrue(
                () =>
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                    return sending.IsCompleted;
                },
                "it is given up");
            Assert.Contains("within 5 s", Assert.IsType<DialOutcome.TimedOut>(await sending).Text, StringComparison.Ordinal);
            Assert.True(near.SafeHandle.IsClosed);
        }
    }

    [Fact]
    public async Task Client_that_leaves_meanwhile_leaves_nothing_open()
    {
        var (near, far) = await LinkPair.ConnectAsync();
        using (far)
        {
            await FillAsync(near);
            using var left = new CancellationTokenSource();
            var sending = SendAsync(near, new IPEndPoint(IPAddress.Loopback, 1), left.Token);
            await left.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending.WaitAsync(Long));
            Assert.True(near.SafeHandle.IsClosed);
        }
    }

    private static async Task FillAsync(Socket near)
    {
        near.SendBufferSize = 8192;
        near.Blocking = false;
        var chunk = new byte[1 << 20];
        for (var full = 0; full < 20;)
        {
            try
            {
                near.Send(chunk);
                full = 0;
            }
            catch (SocketException e) when (e.SocketErrorCode == SocketError.WouldBlock)
            {
                // The kernel may still move something over to the other end.
                full++;
                await Task.Delay(20);
            }
        }

        near.Blocking = true;
    }

    private Task<DialOutcome> SendAsync(Socket near, IPEndPoint client, CancellationToken cancellation)
        => UpstreamAnnouncement.SendAsync(
            Task.FromResult<DialOutcome>(new DialOutcome.Connected(near, Remote)), Upstream, client, time, cancellation);
}
