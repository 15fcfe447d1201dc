using System.Net;
using System.Net.Sockets;
using Connector.Actors.Reach;
using Connector.Tests.Processes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.Reach;

[Trait("kind", Kinds.Contract)]
public sealed class UpstreamDialerTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Listening_upstream_connects_without_delay()
    {
        using var listener = Listen(IPAddress.Loopback);

        var outcome = await Dialer().DialAsync(new PlainUpstream("127.0.0.1", Port(listener)), Cancelled);

        var connected = Assert.IsType<DialOutcome.Connected>(outcome);
        using var socket = connected.Socket;
        Assert.True(socket.NoDelay);
        Assert.NotEqual(0, (int)socket.GetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive)!);
        Assert.Equal(connected.Address, socket.RemoteEndPoint);
    }

    [Fact]
    public async Task Closed_port_is_refused_and_named()
    {
        var upstream = new PlainUpstream("127.0.0.1", FreePorts.Take());

        var refused = Assert.IsType<DialOutcome.Refused>(await Dialer().DialAsync(upstream, Cancelled));

        Assert.Contains(upstream.ToString(), refused.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("container", refused.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closed_loopback_port_in_a_container_gets_a_hint()
    {
        var dialer = new UpstreamDialer(ReachPolicy.Floor, new UpstreamDialerOptions(InContainer: true), TimeProvider.System);

        var refused = Assert.IsType<DialOutcome.Refused>(await dialer.DialAsync(new PlainUpstream("localhost", FreePorts.Take()), Cancelled));

        Assert.Contains("the container's own", refused.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("2852039166")]
    [InlineData("0251.0376.0251.0376")]
    [InlineData("0xA9FEA9FE")]
    [InlineData("::ffff:169.254.169.254")]
    public async Task Metadata_is_forbidden_in_every_spelling(string host)
    {
        var forbidden = Assert.IsType<DialOutcome.Forbidden>(await Dialer().DialAsync(new PlainUpstream(host, 80), Cancelled));

        Assert.Contains("metadata", forbidden.Rule, StringComparison.Ordinal);
        Assert.Contains(host, forbidden.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_that_resolves_to_metadata_is_forbidden()
    {
        var dialer = Dialer(new FixedNames(IPAddress.Parse("169.254.169.254")));

        var outcome = await dialer.DialAsync(new PlainUpstream("metadata.google.internal", 80), Cancelled);

        Assert.IsType<DialOutcome.Forbidden>(outcome);
    }

    [Fact]
    public async Task Of_several_addresses_only_permitted_ones_are_dialled()
    {
        using var listener = Listen(IPAddress.Loopback);
        var dialer = Dialer(new FixedNames(IPAddress.Parse("169.254.169.254"), IPAddress.Parse("fe80::1"), IPAddress.Loopback));

        var outcome = await dialer.DialAsync(new PlainUpstream("mixed.internal", Port(listener)), Cancelled);

        using var socket = Assert.IsType<DialOutcome.Connected>(outcome).Socket;
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task Second_address_is_dialled_when_the_first_refuses()
    {
        using var listener = Listen(IPAddress.Loopback);
        var dialer = Dialer(new FixedNames(IPAddress.Parse("127.0.0.2"), IPAddress.Loopback));

        var outcome = await dialer.DialAsync(new PlainUpstream("two.internal", Port(listener)), Cancelled);

        using var socket = Assert.IsType<DialOutcome.Connected>(outcome).Socket;
        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task Local_deny_forbids_and_names_its_rule()
    {
        Assert.True(ReachPolicy.TryCreate([], ["127.0.0.0/8"], out var reach, out _));
        var dialer = new UpstreamDialer(reach, new UpstreamDialerOptions(InContainer: false), TimeProvider.System);

        var forbidden = Assert.IsType<DialOutcome.Forbidden>(await dialer.DialAsync(new PlainUpstream("127.0.0.1", 80), Cancelled));

        Assert.Contains("reach.deny", forbidden.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Upstream_that_does_not_answer_times_out()
    {
        if (!OperatingSystem.IsLinux())
            Assert.Skip("a full backlog drops SYNs on Linux; other systems answer");

        // A full backlog: the kernel drops further SYNs, like a firewall would.
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(1);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        var fillers = new List<Socket>();
        try
        {
            await FillAsync(port, fillers);
            var time = new FakeTimeProvider();
            var dial = new UpstreamDialer(ReachPolicy.Floor, new UpstreamDialerOptions(InContainer: false), time)
                .DialAsync(new PlainUpstream("127.0.0.1", port), Cancelled);
            while (!dial.IsCompleted)
            {
                time.Advance(TimeSpan.FromSeconds(1));
                await Task.Yield();
            }

            var timedOut = Assert.IsType<DialOutcome.TimedOut>(await dial);
            Assert.Contains($"127.0.0.1:{port}", timedOut.Text, StringComparison.Ordinal);
        }
        finally
        {
            fillers.ForEach(f => f.Dispose());
        }
    }

    [Fact]
    public async Task Resolver_that_hangs_times_out()
    {
        var time = new FakeTimeProvider();
        var dialer = new UpstreamDialer(ReachPolicy.Floor, new UpstreamDialerOptions(InContainer: false), time, new HangingNames());

        var dial = dialer.DialAsync(new PlainUpstream("slow.internal", 80), Cancelled);
        time.Advance(TimeSpan.FromSeconds(4));

        Assert.Contains("slow.internal", Assert.IsType<DialOutcome.TimedOut>(await dial).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Name_that_does_not_exist_is_unreachable()
    {
        var outcome = await Dialer(new FailingNames()).DialAsync(new PlainUpstream("nowhere.invalid", 80), Cancelled);

        Assert.Contains("nowhere.invalid", Assert.IsType<DialOutcome.Unreachable>(outcome).Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no.such.name.invalid")]
    [InlineData("169.254.1.2")]
    [InlineData("2851995906")]
    public async Task Host_of_a_reference_is_not_shown(string host)
    {
        var upstream = new PlainUpstream(host, 22) { Reference = "from:file:/run/host" };

        var text = await (host.StartsWith("no", StringComparison.Ordinal) ? Dialer(new FailingNames()) : Dialer()).DialAsync(upstream, Cancelled) switch
        {
            DialOutcome.Unreachable unreachable => unreachable.Text,
            DialOutcome.Forbidden forbidden => forbidden.Text,
            var other => throw new InvalidOperationException($"{other}"),
        };

        Assert.Contains("[from:file:/run/host]:22", text, StringComparison.Ordinal);
        Assert.DoesNotContain(host, text, StringComparison.Ordinal);
        Assert.DoesNotContain("169.254.1.2", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cancelled_dial_throws_and_leaves_nothing_open()
    {
        using var cancel = new CancellationTokenSource();
        var dial = Dialer(new HangingNames()).DialAsync(new PlainUpstream("slow.internal", 80), cancel.Token);
        await cancel.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dial);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(65536)]
    public async Task Impossible_port_is_unreachable(int port)
        => Assert.IsType<DialOutcome.Unreachable>(await Dialer().DialAsync(new PlainUpstream("127.0.0.1", port), Cancelled));

    [Theory]
    [InlineData("/.dockerenv", "", true)]
    [InlineData("/run/.containerenv", "", true)]
    [InlineData("", "0::/kubepods.slice/kubepods-pod1.slice", true)]
    [InlineData("", "0::/user.slice", false)]
    public void Container_is_recognised(string file, string cgroup, bool expected)
        => Assert.Equal(expected, ContainerMark.IsPresent(path => path == file, () => cgroup));

    private static UpstreamDialer Dialer(INameResolver? names = null)
        => new(ReachPolicy.Floor, new UpstreamDialerOptions(InContainer: false), TimeProvider.System, names ?? new SystemNameResolver());

    private static Socket Listen(IPAddress address)
    {
        var listener = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(address, 0));
        listener.Listen(16);
        return listener;
    }

    private static int Port(Socket listener) => ((IPEndPoint)listener.LocalEndPoint!).Port;

    /// <summary>Full is what takes nothing twice in a row: once may be the machine.</summary>
    private static async Task FillAsync(int port, List<Socket> fillers)
    {
        var missed = 0;
        for (var i = 0; i < 16; i++)
        {
            var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            fillers.Add(filler);
            using var soon = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
            soon.CancelAfter(TimeSpan.FromSeconds(2));
            try
            {
                await filler.ConnectAsync(new IPEndPoint(IPAddress.Loopback, port), soon.Token);
                missed = 0;
            }
            catch (OperationCanceledException) when (!Cancelled.IsCancellationRequested)
            {
                if (++missed == 2)
                    return;
            }
        }

        Assert.Fail("the backlog never filled");
    }

    private sealed class FixedNames(params IPAddress[] addresses) : INameResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => Task.FromResult(addresses);
    }

    private sealed class HangingNames : INameResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken) => new TaskCompletionSource<IPAddress[]>().Task;
    }

    private sealed class FailingNames : INameResolver
    {
        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
            => Task.FromException<IPAddress[]>(new SocketException((int)SocketError.HostNotFound));
    }
}
