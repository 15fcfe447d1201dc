using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using Connector.Actors.Discovery;
using Connector.Actors.Reach;
using Connector.Actors.State;
using Connector.Plugins;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.Plugins;
using Connector.Tests.Server.Discovery;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Connector.Actors.Discovery.DiscoveryProtocol;
using static Connector.Actors.State.DesiredStateProtocol;
using DialOutcome = Connector.Actors.Reach.DialOutcome;
using TestKit = Akka.TestKit.Xunit.TestKit;
using WireOutcome = Connector.Protocol.Control.Wire.DialOutcome;

namespace Connector.Tests.Actors.Discovery;

[Trait("kind", Kinds.Actor)]
public sealed class PluginSupervisorTests : TestKit
{
    private const string Hocon = TestKitHocon.Patient +
        """
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        akka.loglevel = WARNING
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        """;

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero));
    private readonly ConcurrentDictionary<string, ImmutableArray<FakeDiscoverer>> made = new();
    private readonly FakeDialer dialer = new();
    private readonly TestProbe state;
    private readonly TestProbe agent;
    private readonly IActorRef supervisor;
    private Func<string, ImmutableArray<FakeDiscoverer>> create = static host => [new FakeDiscoverer(host)];

    public PluginSupervisorTests()
        : base(Hocon)
    {
        state = CreateTestProbe("state");
        agent = CreateTestProbe("agent");
        var settings = new DiscoverySettings(
            configuration =>
            {
                var host = configuration.DockerDiscoveryPluginConfiguration!.DockerHost!;
                return [.. made[host] = create(host)];
            },
            dialer, DiscoveryTiming.Default, time, static () => 0.5);
        supervisor = Sys.ActorOf(PluginSupervisor.Props(settings, state, agent), "discovery");
        state.ExpectMsg<WatchPlugins>();
        agent.ExpectMsg<UseDiscovery>();
    }

    [Fact]
    public async Task Plugin_scans_at_once_and_then_each_interval_without_overlap()
    {
        Want(Docker("p", minutes: 10));
        var source = await RunsAsync("unix:///p");
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([Found.Container("a")]));
        var results = Told();
        Assert.Equal(("p", "unix:///p", 1), (results.PluginId, results.Metadata.DiscoveryId, results.Resources.Count));
        Assert.Empty(results.Errors);

        Advance(TimeSpan.FromMinutes(9.9));
        Assert.False(source.HasBegun);
        Advance(TimeSpan.FromMinutes(0.2));
        var second = await source.BegunAsync();
        Advance(TimeSpan.FromMinutes(3));
        Discover("p", "r1");
        Discover("p", "r2");

        // The end of the scan takes a shorter way than the questions.
        Settle();
        second.Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Assert.Equal("", Told().RequestId);

        // One more for both that asked meanwhile.
        await AdvanceUntilAsync(() => source.HasBegun);
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Assert.Equal("r2", Told().RequestId);
        Assert.False(source.HasBegun);
        Assert.Equal(1, source.MostAtOnce);
    }

    [Fact]
    public async Task Failure_is_tried_again_also_when_a_scan_was_asked_for_meanwhile()
    {
        Want(Docker("p", minutes: 60));
        var source = await RunsAsync("unix:///p");
        var scan = await source.BegunAsync();
        Discover("p", "r1");
        Settle();
        scan.Ended.SetException(new DiscoveryException(DiscoveryFailure.Unreachable, "nobody is there"));
        Told(PluginStates.Waiting);

        await AdvanceUntilAsync(() => source.HasBegun, TimeSpan.FromSeconds(16));
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Assert.Equal("r1", Told().RequestId);
    }

    [Fact]
    public async Task Failure_is_told_and_tried_again_sooner_than_the_interval()
    {
        Want(Docker("p", minutes: 60));
        var source = await RunsAsync("unix:///p");
        (await source.BegunAsync()).Ended.SetException(new DiscoveryException(DiscoveryFailure.Denied, "permission denied\u001b"));
        var results = Told(PluginStates.Waiting);
        Assert.Equal("permission denied\uFFFD", Assert.Single(results.Errors));
        Assert.Empty(results.Resources);

        Advance(TimeSpan.FromSeconds(16));
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Told();
        agent.FishForMessage<PluginStatusChanged>(status => status.State == PluginStates.Idle);
    }

    [Fact]
    public async Task Crash_of_a_source_is_a_failure_like_others_and_touches_no_other_plugin()
    {
        Want(Docker("p"), Docker("q"));
        var (p, q) = (await RunsAsync("unix:///p"), await RunsAsync("unix:///q"));
        var (inP, inQ) = (await p.BegunAsync(), await q.BegunAsync());
        inP.Ended.SetException(new InvalidOperationException("a defect"));
        Assert.Contains("InvalidOperationException: a defect", Assert.Single(Told(PluginStates.Waiting).Errors), StringComparison.Ordinal);
        inQ.Ended.SetResult(Connector.Plugins.Discovery.Of([Found.Container("a")]));
        Assert.Equal("q", Told().PluginId);
    }

    [Fact]
    public async Task Plugin_that_was_switched_off_in_mid_scan_ends_and_tells_nothing_more()
    {
        Want(Docker("p"), Docker("q"));
        var (p, q) = (await RunsAsync("unix:///p"), await RunsAsync("unix:///q"));
        await p.BegunAsync();
        var inQ = await q.BegunAsync();

        Want(Docker("q"));

        agent.FishForMessage<PluginStatusChanged>(status => status.PluginId.Value == "p" && status.State == PluginStates.Gone);
        await Eventually.IsTrue(() => p.Disposed, "its source is let go");
        inQ.Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Assert.Equal("q", Told().PluginId);
        Want(Docker("p"), Docker("q"));
        await Eventually.IsTrue(() => !ReferenceEquals(made["unix:///p"][0], p), "it is made anew");
    }

    [Fact]
    public async Task New_configuration_waits_until_the_scan_of_the_old_one_has_ended()
    {
        create = static host => [new FakeDiscoverer(host) { Deaf = true }];
        Want(Docker("p"));
        var old = await RunsAsync("unix:///p");
        var scan = await old.BegunAsync();

        Want(Docker("p", host: "unix:///new"));
        Advance(TimeSpan.FromSeconds(5));
        Assert.False(made.ContainsKey("unix:///new"));
        scan.Ended.SetResult(Connector.Plugins.Discovery.Of([]));

        var renewed = await RunsAsync("unix:///new");
        await renewed.BegunAsync();
        await Eventually.IsTrue(() => old.Disposed, "the old source is let go");
    }

    [Fact]
    public async Task Scan_without_progress_is_cancelled_and_one_that_hangs_is_not_begun_again()
    {
        create = static host => [new FakeDiscoverer(host) { Deaf = true }];
        Want(Docker("p"));
        var source = await RunsAsync("unix:///p");
        var scan = await source.BegunAsync();
        Advance(TimeSpan.FromMinutes(4.9));
        scan.Progress.Report(new DiscoveryProgress("moving", 1, null, 0));
        Advance(TimeSpan.FromMinutes(4.9));
        Assert.DoesNotContain(Statuses(), static status => status.State == PluginStates.Failed);

        await AdvanceUntilAsync(() => Statuses().Any(static status => status.State == PluginStates.Failed && status.Reason.Contains("hangs", StringComparison.Ordinal)), TimeSpan.FromMinutes(1));
        Discover("p", "r");
        Advance(TimeSpan.FromHours(5));
        Assert.False(source.HasBegun);

        scan.Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        await AdvanceUntilAsync(() => source.HasBegun, TimeSpan.FromMinutes(1));
        Assert.Equal(1, source.MostAtOnce);
    }

    [Fact]
    public async Task Change_that_is_told_is_scanned_soon_and_a_storm_of_them_is_few_scans()
    {
        Want(Docker("p", minutes: 60));
        var source = await RunsAsync("unix:///p");
        var watch = await source.WatchedAsync();
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Told();
        for (var i = 0; i < 1_000; i++)
        {
            watch.Writer.TryWrite(new SourceChanged("start"));
        }

        await AdvanceUntilAsync(() => source.HasBegun);
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([Found.Container("a")]));
        Assert.Single(Told().Resources);
    }

    [Fact]
    public async Task Watch_that_breaks_is_begun_again_and_what_was_missed_is_scanned()
    {
        Want(Docker("p", minutes: 60));
        var source = await RunsAsync("unix:///p");
        var watch = await source.WatchedAsync();
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Told();
        watch.Writer.Complete(new IOException("gone"));
        await AdvanceUntilAsync(() => source.HasBegun);
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Told();
        var again = source.WatchedAsync();
        await AdvanceUntilAsync(() => again.IsCompleted);
    }

    [Fact]
    public async Task Watch_that_its_source_ends_after_a_while_goes_on_without_a_scan()
    {
        Want(Docker("p", minutes: 60));
        var source = await RunsAsync("unix:///p");
        var watch = await source.WatchedAsync();
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Told();
        Advance(DiscoveryTiming.Default.GoodWatch);

        watch.Writer.Complete();

        // At once: a change in between must show within two seconds.
        var again = source.WatchedAsync();
        await Eventually.IsTrue(
            () =>
            {
                Advance(TimeSpan.FromMilliseconds(1));
                return again.IsCompleted;
            },
            "the source is watched again");
        Advance(TimeSpan.FromMinutes(1));
        Assert.False(source.HasBegun);
    }

    [Fact]
    public async Task Source_that_ends_each_watch_at_once_is_watched_ever_less_often_and_scanned_once_for_it()
    {
        Want(Docker("p", minutes: 60));
        var source = await RunsAsync("unix:///p");
        var watch = source.WatchedAsync();
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Told();
        (await watch).Writer.Complete();
        await AdvanceUntilAsync(() => source.HasBegun);
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([]));
        Told();

        for (var i = 0; i < 5; i++)
        {
            watch = source.WatchedAsync();

            // Steps far below the time after which a watch counts as good: its end may reach the actor some of them later.
            await AdvanceUntilAsync(() => watch.IsCompleted, TimeSpan.FromSeconds(3));
            (await watch).Writer.Complete();
            Settle();
        }

        watch = source.WatchedAsync();
        Advance(DiscoveryTiming.Default.LongestWatchRetry / 2);
        Assert.False(watch.IsCompleted);
        Assert.False(source.HasBegun);
    }

    [Fact]
    public async Task Change_in_an_outage_says_that_the_source_is_back()
    {
        Want(Docker("p", minutes: 60));
        var source = await RunsAsync("unix:///p");
        var watch = await source.WatchedAsync();
        for (var i = 0; i < 6; i++)
        {
            await AdvanceUntilAsync(() => source.HasBegun, TimeSpan.FromMinutes(30));
            (await source.BegunAsync()).Ended.SetException(new DiscoveryException(DiscoveryFailure.Unreachable, "nobody is there"));
            Told();
        }

        // The next one by itself is at least six minutes away.
        watch.Writer.TryWrite(new SourceChanged("start"));
        await AdvanceUntilAsync(() => source.HasBegun, DiscoveryTiming.Default.FirstRetry + TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task What_a_plugin_needs_and_what_is_missing_at_first_is_looked_for_again()
    {
        var usual = create;
        create = static _ => throw new DiscoveryException(DiscoveryFailure.Configuration, "there is no such profile");
        Want(Docker("p", minutes: 60));
        Assert.Contains("there is no such profile", agent.FishForMessage<PluginStatusChanged>(static status => status.State == PluginStates.Waiting).Reason, StringComparison.Ordinal);

        create = usual;
        await AdvanceUntilAsync(() => made.ContainsKey("unix:///p"), TimeSpan.FromSeconds(20));
        await (await RunsAsync("unix:///p")).BegunAsync();
    }

    [Fact]
    public void Configuration_that_cannot_work_is_failed_with_the_reason()
    {
        Want(new PluginDefinition(new PluginId("q"), "q", "toaster_discovery", "{}"), Docker("r", minutes: 0));
        var failed = new List<string>();
        while (failed.Count < 2)
        {
            failed.Add(agent.FishForMessage<PluginStatusChanged>(static status => status.State == PluginStates.Failed).Reason);
        }

        Assert.Contains(failed, static reason => reason.Contains("not a plugin type", StringComparison.Ordinal));
        Assert.Contains(failed, static reason => reason.Contains("scan_interval_minutes", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Result_that_was_not_taken_is_told_again_when_reports_are()
    {
        Want(Docker("p"));
        var source = await RunsAsync("unix:///p");
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of([Found.Container("a")]));
        var report = agent.FishForMessage<Report>(static _ => true);
        agent.LastSender.Tell(new NotTaken(report.Tag), agent);
        Settle();

        supervisor.Tell(ReportsTaken.Instance, agent);

        Assert.Equal(report.Requests, agent.FishForMessage<Report>(static _ => true).Requests);
        supervisor.Tell(ReportsTaken.Instance, agent);
        Settle();
        Assert.DoesNotContain(agent.ReceiveWhile(TimeSpan.Zero, static message => message), static message => message is Report);
    }

    [Fact]
    public async Task Large_result_comes_in_parts_that_fit()
    {
        Want(Docker("p"));
        var source = await RunsAsync("unix:///p");
        (await source.BegunAsync()).Ended.SetResult(Connector.Plugins.Discovery.Of(Enumerable.Range(0, 5_000).Select(static i => Found.Container($"c{i}", image: new string('i', 500)))));
        var requests = agent.FishForMessage<Report>(static _ => true).Requests;
        Assert.InRange(requests.Length, 3, 60);
        Assert.All(requests, static request => Assert.InRange(request.CalculateSize(), 1, ScanResult.LargestPart + 4_096));
        Assert.Equal(["unix:///p"], requests[^1].PluginDiscoveryResults.DiscoveryIds);
        var reader = new Connector.Server.Discovery.ScanReader(time);
        var key = new Connector.Server.Discovery.DiscoveryKey(new PluginId("p"), "unix:///p");
        var scans = requests.Select(request => reader.Add(key, request.PluginDiscoveryResults)).ToList();
        Assert.All(scans.SkipLast(1), Assert.Null);
        Assert.Equal(5_000, scans[^1]!.Resources.Length);
    }

    [Fact]
    public void Resources_are_dialled_within_reach_and_answered_by_identity()
    {
        dialer.Answer = upstream => upstream.Port switch
        {
            1 => new DialOutcome.Connected(new Socket(SocketType.Stream, ProtocolType.Tcp), new System.Net.IPEndPoint(0, 1)),
            2 => new DialOutcome.Refused("no"),
            _ => new DialOutcome.Forbidden("rule", "no"),
        };
        var asked = new DialResources { PluginId = "p", DiscoveryId = "d" };
        asked.Resources.AddRange(new[] { 1, 2, 3 }.Select(static port => Server(port).ToStruct()));
        supervisor.Tell(new Dial(asked), agent);

        var answer = Assert.Single(agent.FishForMessage<Report>(static _ => true).Requests).ResourcesDialed;
        Assert.Equal(
            [("network_ssh_server 10.0.0.7:1", WireOutcome.Accepted), ("network_ssh_server 10.0.0.7:2", WireOutcome.Failed), ("network_ssh_server 10.0.0.7:3", WireOutcome.NotDialed)],
            answer.Resources.Select(static resource => (resource.Identity, resource.Outcome)));
    }

    private static Connector.Protocol.Discovery.DiscoveredResource Server(int port) => new(
        Connector.Protocol.Discovery.ResourceTypes.NetworkSshServer, new Connector.Protocol.Discovery.NetworkServerDetails { IpAddress = "10.0.0.7", Port = $"{port}" });

    private static PluginDefinition Docker(string id, int minutes = 5, string? host = null)
        => new(new PluginId(id), id, PluginTypes.Docker, $$$"""{"docker_discovery_plugin_configuration":{"scan_interval_minutes":{{{minutes}}},"docker_host":"{{{host ?? $"unix:///{id}"}}}"}}""");

    private void Want(params ImmutableArray<PluginDefinition> plugins) => supervisor.Tell(new PluginsWanted(plugins), state);

    private void Discover(string id, string requestId) => supervisor.Tell(new DiscoverNow(new PluginId(id), requestId), agent);

    private async Task<FakeDiscoverer> RunsAsync(string host)
    {
        await Eventually.IsTrue(() => made.ContainsKey(host), $"the source of {host} is made");
        await AdvanceUntilAsync(() => made[host][0].HasBegun);
        return made[host][0];
    }

    /// <summary>The next results that are told; on the way the plugin may say how it does.</summary>
    private PluginDiscoveryResults Told(string? state = null)
    {
        var results = Assert.Single(agent.FishForMessage<Report>(static _ => true).Requests).PluginDiscoveryResults;
        if (state is not null)
        {
            agent.FishForMessage<PluginStatusChanged>(status => status.State == state);
        }

        return results;
    }

    private readonly List<PluginStatusChanged> heard = [];

    private List<PluginStatusChanged> Statuses()
    {
        Settle();
        while (agent.HasMessages)
        {
            if (agent.ReceiveOne(TimeSpan.Zero) is PluginStatusChanged status)
            {
                heard.Add(status);
            }
        }

        return heard;
    }

    /// <summary>Work on threads ends when it ends: time goes on in small steps meanwhile.</summary>
    private async Task AdvanceUntilAsync(Func<bool> holds, TimeSpan? step = null)
        => await Eventually.IsTrue(
            () =>
            {
                if (holds())
                {
                    return true;
                }

                Advance(step ?? TimeSpan.FromMilliseconds(300));
                return holds();
            },
            "it happens as time goes on");

    private void Advance(TimeSpan by)
    {
        Settle();
        time.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
        Settle();
    }

    private void Settle()
    {
        // Supervisor, its children, and back.
        for (var i = 0; i < 2; i++)
        {
            foreach (var path in new[] { "/user/discovery", "/user/discovery/plugin-1", "/user/discovery/plugin-2", "/user/discovery/plugin-3" })
            {
                var probe = CreateTestProbe();
                Sys.ActorSelection(path).Tell(new Identify(1), probe);
                probe.ExpectMsg<ActorIdentity>();
            }
        }
    }

    private sealed class FakeDialer : IUpstreamDialer
    {
        public Func<PlainUpstream, DialOutcome> Answer { get; set; } = static _ => new DialOutcome.Refused("no");

        public Task<DialOutcome> DialAsync(PlainUpstream upstream, CancellationToken cancellationToken) => Task.FromResult(Answer(upstream));
    }
}
