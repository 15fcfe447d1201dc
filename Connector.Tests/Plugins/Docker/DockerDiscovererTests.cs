using System.Collections.Immutable;
using Connector.Plugins;
using Connector.Plugins.Docker;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;
using Connector.Tests.Server.Edge;
using Microsoft.AspNetCore.Http;

namespace Connector.Tests.Plugins.Docker;

[Trait("kind", Kinds.Contract)]
public sealed class DockerDiscovererTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Published_ports_are_listed_by_their_host_address_also_ipv6()
    {
        await using var engine = await EngineStub.StartAsync(EngineStub.Container(
            "a1", "/web", null,
            EngineStub.Port("0.0.0.0", 80, 8080), EngineStub.Port("::", 80, 8080), EngineStub.Port("0.0.0.0", 53, 5353, "udp"),
            EngineStub.Port("0.0.0.0", 53, 5353), EngineStub.Port(null, 9000, null), EngineStub.Port("", 9001, 9001)));

        var details = await SingleAsync(engine);

        Assert.Equal(
            new Dictionary<string, string> { ["0.0.0.0:8080"] = "80/tcp", ["[::]:8080"] = "80/tcp", ["0.0.0.0:5353"] = "53/tcp" }.OrderBy(one => one.Key, StringComparer.Ordinal),
            details.PortBindings.OrderBy(one => one.Key, StringComparer.Ordinal));
        Assert.Equal(("a1", "nginx:1", "running"), (details.ContainerId, details.Image, details.Status));
        Assert.Equal(["/web"], details.Names);
    }

    [Fact]
    public async Task Container_without_published_ports_is_listed_without_bindings()
    {
        await using var engine = await EngineStub.StartAsync(EngineStub.Container("a1", "/host-networked"));

        Assert.Empty((await SingleAsync(engine)).PortBindings);
    }

    [Theory]
    [InlineData("tcp://127.0.0.1")]
    [InlineData("http://localhost")]
    public async Task Configured_engine_outside_of_reach_is_not_asked(string host)
    {
        await using var engine = await HttpStub.OnPortAsync(static _ => Task.CompletedTask);
        var discoverer = DockerPlugin.CreateDiscoverers(
            new DockerDiscoveryConfiguration { DockerHost = $"{host}:{engine.Port}" }, LocalEnvironment.With(forbids: static _ => "reach.deny of this replica")).Single();

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => discoverer.DiscoverAsync(null, Cancellation));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("reach.deny", thrown.Message, StringComparison.Ordinal);
        Assert.False(engine.Asked.IsCompleted);
    }

    [Fact]
    public async Task Engine_of_the_environment_is_asked_wherever_it_is()
    {
        await using var engine = await HttpStub.OnPortAsync(static context => context.Response.WriteAsync("[]"));
        var discoverer = DockerPlugin.CreateDiscoverers(
            new DockerDiscoveryConfiguration(),
            LocalEnvironment.With(
                new Dictionary<string, string> { ["DOCKER_HOST"] = $"tcp://localhost:{engine.Port}" }, time: SlowTime.Thirtyfold, forbids: static _ => "reach.deny")).Single();

        Assert.Empty((await discoverer.DiscoverAsync(null, Cancellation)).Resources);
    }

    [Fact]
    public async Task Labels_filter()
    {
        await using var engine = await EngineStub.StartAsync(
            EngineStub.Container("a", "/a", new Dictionary<string, string> { ["expose"] = "yes" }),
            EngineStub.Container("b", "/b", new Dictionary<string, string> { ["expose"] = "yes", ["tier"] = "test" }),
            EngineStub.Container("c", "/c"));
        var only = engine.Discoverer(new DockerDiscoveryConfiguration
        {
            IncludeWithLabels = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("expose", []),
            ExcludeWithLabels = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("tier", ["test"]),
        });
        var everything = engine.Discoverer(new DockerDiscoveryConfiguration { IncludeWithLabels = ImmutableDictionary<string, ImmutableArray<string>>.Empty });

        Assert.Equal(["a"], (await only.DiscoverAsync(null, Cancellation)).Resources.Select(resource => resource.Name));
        Assert.Equal(3, (await everything.DiscoverAsync(null, Cancellation)).Resources.Length);
    }

    [Theory]
    [InlineData("1.24", "/v1.24/containers/json")]
    [InlineData("1.41", "/v1.41/containers/json")]
    [InlineData("9.99", "/v1.52/containers/json")]
    [InlineData("none", "/containers/json")]
    public async Task Version_is_the_older_of_the_engines_and_ours(string theirs, string asked)
    {
        await using var engine = await EngineStub.StartAsync(EngineStub.Container("a", "/a"));
        engine.ApiVersion = theirs;

        await engine.Discoverer().DiscoverAsync(null, Cancellation);

        Assert.Contains(engine.Asked, one => one.Split('?')[0] == asked);
    }

    [Fact]
    public async Task Containers_that_have_no_identity_of_their_own_are_left_out_with_a_warning()
    {
        await using var engine = await EngineStub.StartAsync(
            EngineStub.Container("a", "/a"), EngineStub.Container("b", "/a"), new { Id = (string?)null, Names = (string[]?)null });

        var found = await engine.Discoverer().DiscoverAsync(null, Cancellation);

        Assert.Equal("docker_container /a", Assert.Single(found.Resources).Identity);
        Assert.Contains("2 containers", Assert.Single(found.Warnings), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(403, DiscoveryFailure.Denied, "/containers/json")]
    [InlineData(429, DiscoveryFailure.Throttled, "fewer")]
    [InlineData(500, DiscoveryFailure.Unreachable, "500")]
    [InlineData(418, DiscoveryFailure.Malformed, "418")]
    public async Task Refusal_says_what_to_do(int status, DiscoveryFailure failure, string says)
    {
        await using var engine = await EngineStub.StartAsync();
        engine.Instead = async (_, context) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/containers/json", StringComparison.Ordinal))
            {
                return false;
            }

            context.Response.StatusCode = status;
            await context.Response.WriteAsync($$"""{"message":"{{HostileTexts.Markup.Replace("\"", "", StringComparison.Ordinal)}}\u001b[2J"}""");
            return true;
        };

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => engine.Discoverer().DiscoverAsync(null, Cancellation));

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(says, thrown.Message, StringComparison.Ordinal);
        Assert.Contains(engine.Path, thrown.Message, StringComparison.Ordinal);
        Assert.Empty(HostileTexts.In(thrown.Message));
    }

    [Theory]
    [InlineData("this is no JSON")]
    [InlineData("{}")]
    [InlineData("[{\"Id\": 5}]")]
    public async Task Answer_that_makes_no_sense_is_malformed(string answer)
    {
        await using var engine = await EngineStub.StartAsync();
        engine.Instead = async (_, context) =>
        {
            if (context.Request.Path.Value!.EndsWith("/_ping", StringComparison.Ordinal))
            {
                return false;
            }

            context.Response.ContentType = "application/json";
            await context.Response.WriteAsync(answer);
            return true;
        };

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => engine.Discoverer().DiscoverAsync(null, Cancellation));

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
    }

    [Fact]
    public async Task Answer_without_end_is_cut_off()
    {
        await using var engine = await EngineStub.StartAsync();
        engine.Instead = async (server, context) =>
        {
            if (context.Request.Path.Value!.EndsWith("/_ping", StringComparison.Ordinal))
            {
                return false;
            }

            var block = new byte[1024 * 1024];
            try
            {
                while (!server.Ended.IsCancellationRequested)
                {
                    await context.Response.Body.WriteAsync(block, context.RequestAborted);
                }
            }
            catch (Exception failure) when (failure is OperationCanceledException or IOException)
            {
                // Cut off: what is tested.
            }

            return true;
        };

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => engine.Discoverer(time: TimeProvider.System).DiscoverAsync(null, Cancellation).WaitAsync(Deadline, Cancellation));

        Assert.Contains(thrown.Failure, (DiscoveryFailure[])[DiscoveryFailure.Malformed, DiscoveryFailure.TimedOut]);
    }

    [Fact]
    public async Task Engine_that_hangs_is_given_up()
    {
        await using var engine = await EngineStub.StartAsync();
        engine.Instead = async (server, context) =>
        {
            await server.StaySilentAsync(context);
            return true;
        };

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => engine.Discoverer(time: TimeProvider.System).DiscoverAsync(null, Cancellation).WaitAsync(Deadline, Cancellation));

        Assert.Equal(DiscoveryFailure.TimedOut, thrown.Failure);
    }

    [Fact]
    public async Task Events_are_told_together_and_the_end_of_the_stream_ends_the_watch()
    {
        await using var engine = await EngineStub.StartAsync(EngineStub.Container("a", "/a"));
        await using var changes = engine.Discoverer(time: SlowTime.Fivefold).WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);

        engine.Tell("start", "a");
        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));
        Assert.Contains("start", changes.Current.What, StringComparison.Ordinal);

        for (var i = 0; i < 1_000; i++)
        {
            engine.Tell("die", $"{i}");
        }

        engine.EndEvents();
        var told = 0;
        while (await changes.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation))
        {
            told++;
        }

        Assert.InRange(told, 1, 100);
        Assert.Contains(engine.Asked, one => one.Contains("/v1.41/events", StringComparison.Ordinal) && Uri.UnescapeDataString(one).Contains("\"container\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watch_begins_where_the_last_scan_began()
    {
        await using var engine = await EngineStub.StartAsync(EngineStub.Container("a", "/a"));
        var discoverer = engine.Discoverer(time: SlowTime.Fivefold);
        await discoverer.DiscoverAsync(null, Cancellation);
        await using var changes = discoverer.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        engine.Tell("start", "a");

        Assert.True(await changes.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));

        Assert.Contains(engine.Asked, one => one.Contains("/events", StringComparison.Ordinal) && one.Contains("since=", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Watch_that_is_cancelled_ends()
    {
        await using var engine = await EngineStub.StartAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var changes = engine.Discoverer(time: SlowTime.Fivefold).WatchAsync(cancelled.Token).GetAsyncEnumerator(cancelled.Token);
        var next = changes.MoveNextAsync().AsTask();
        await Eventually.IsTrue(() => engine.Asked.Any(one => one.Contains("/events", StringComparison.Ordinal)), "the engine was asked for events");

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(Deadline, Cancellation));
    }

    [Fact]
    public async Task Event_of_megabytes_ends_the_watch_as_malformed()
    {
        await using var engine = await EngineStub.StartAsync();
        await using var changes = engine.Discoverer(time: SlowTime.Fivefold).WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        engine.Tell(new string('x', 6_000_000), "a");

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => changes.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation));

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
    }

    [Fact]
    public async Task Certificate_that_is_not_trusted_is_a_failure_of_tls()
    {
        using var certificate = LaneCertificates.Create("docker");
        await using var server = await HttpStub.OnPortAsync(_ => Task.CompletedTask, certificate);
        using var folder = new TemporaryFolder("certificates");
        using var other = LaneCertificates.Create("docker");
        folder.Write("ca.pem", other.ExportCertificatePem());
        var variables = new Dictionary<string, string>
        {
            ["DOCKER_HOST"] = $"tcp://127.0.0.1:{server.Port}", ["DOCKER_TLS_VERIFY"] = "1", ["DOCKER_CERT_PATH"] = folder.Path,
        };
        var environment = LocalEnvironment.With(variables, time: SlowTime.Thirtyfold);

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(
            () => DockerPlugin.CreateDiscoverers(new DockerDiscoveryConfiguration(), environment).Single().DiscoverAsync(null, Cancellation));

        Assert.Equal(DiscoveryFailure.Tls, thrown.Failure);
        Assert.Contains("ca.pem", thrown.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("tcp://docker.test", null, "http://docker.test:2375/")]
    [InlineData("tcp://docker.test", "1", "https://docker.test:2376/")]
    [InlineData("tcp://docker.test:80", null, "http://docker.test/")]
    [InlineData("tcp://[fd00::1]:2375", null, "http://[fd00::1]:2375/")]
    [InlineData("https://docker.test:2376", null, "https://docker.test:2376/")]
    [InlineData("http://docker.test:2375", null, "http://docker.test:2375/")]
    public void Addresses_are_those_of_the_usual_variables(string host, string? verify, string url)
    {
        var variables = new Dictionary<string, string> { ["DOCKER_HOST"] = host };
        if (verify is not null)
        {
            variables["DOCKER_TLS_VERIFY"] = verify;
        }

        Assert.Equal(url, EngineAddress.Of(new DockerDiscoveryConfiguration(), LocalEnvironment.With(variables)).Url.AbsoluteUri);
    }

    [Theory]
    [InlineData("ssh://user:secret@host")]
    [InlineData("unix://relative")]
    [InlineData("nonsense")]
    public void Address_that_cannot_be_used_is_refused_without_repeating_it(string host)
    {
        var thrown = Assert.Throws<DiscoveryException>(
            () => DockerPlugin.CreateDiscoverers(new DockerDiscoveryConfiguration { DockerHost = host }, LocalEnvironment.With()));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.DoesNotContain("secret", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Socket_that_may_not_be_opened_is_denied_and_names_the_group()
    {
        var engine = EngineAddress.Of(new DockerDiscoveryConfiguration(), LocalEnvironment.With());
        var failure = new HttpRequestException("x", new System.Net.Sockets.SocketException((int)System.Net.Sockets.SocketError.AccessDenied));

        var told = EngineFailures.Of(failure, "Listing the containers", engine);

        Assert.Equal(DiscoveryFailure.Denied, told.Failure);
        Assert.Contains("group", told.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_thousand_containers_are_found()
    {
        var labels = Enumerable.Range(0, 10).ToDictionary(i => $"label-{i}", i => $"value-{i}");
        await using var engine = await EngineStub.StartAsync(
            Enumerable.Range(0, 2_000).Select(i => EngineStub.Container($"{i:x64}", $"/c{i}", labels, EngineStub.Port("0.0.0.0", 80, 1 + i))).ToArray());

        Assert.Equal(2_000, (await engine.Discoverer().DiscoverAsync(null, Cancellation)).Resources.Length);
    }

    private static async Task<DockerContainerDetails> SingleAsync(EngineStub engine)
        => (DockerContainerDetails)Assert.Single((await engine.Discoverer().DiscoverAsync(null, Cancellation)).Resources).Details;
}
