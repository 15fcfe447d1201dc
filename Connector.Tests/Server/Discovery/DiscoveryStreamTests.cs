using System.Collections.Immutable;
using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Discovery;
using Connector.Server.Store;
using Connector.Tests.Server.Control;
using Connector.Tests.Server.Hosting;
using Xunit;
using ResponseCase = Connector.Protocol.Control.Wire.ControlStreamResponse.RequestTypeOneofCase;

namespace Connector.Tests.Server.Discovery;

/// <summary>Discovery over a control stream.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class DiscoveryStreamTests : IAsyncLifetime
{
    private static readonly DiscoveryKey Key = new(new PluginId("p"), "docker_discoverer");
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private ControlPlaneFixture server = null!;

    public async ValueTask InitializeAsync() => server = await ControlPlaneFixture.StartAsync(new ControlLimits());

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        key.Dispose();
    }

    [Fact]
    public async Task Results_of_the_public_client_are_stored_and_what_is_missed_goes_without_a_dial()
    {
        server.Discovery.ToDial = [Known("docker_container /gone")];
        await using var client = ControlStreamClient.OpenPublic(server);
        await client.ExpectAsync(ResponseCase.Init);
        await client.SendAsync(new ControlStreamRequest { PluginDiscoveryResults = Found.Results("p", Key.DiscoveryId, Found.Container("a")) });

        await Eventually.IsTrue(() => !server.Discovery.Dials.IsEmpty, "what is missed goes");

        Assert.True(server.Discovery.Scans.TryDequeue(out var scan));
        Assert.Equal((Key, "docker_container /a"), (scan.Key, Assert.Single(scan.Scan.Resources).Identity));
        Assert.True(server.Discovery.Dials.TryDequeue(out var dials));
        Assert.Equal(["docker_container /gone"], dials.Failed);
    }

    [Fact]
    public async Task Replica_is_asked_to_dial_and_what_does_not_accept_goes()
    {
        server.Discovery.ToDial = [Known("docker_container /a"), Known("docker_container /b"), Known("docker_container /c")];
        await using var client = await OpenAsync();
        await client.SendAsync(new ControlStreamRequest { PluginDiscoveryResults = Found.Results("p", Key.DiscoveryId) });

        var asked = (await client.ExpectAsync(ResponseCase.DialResources)).DialResources;
        Assert.Equal((Key.PluginId.Value, Key.DiscoveryId, 3), (asked.PluginId, asked.DiscoveryId, asked.Resources.Count));
        Assert.Empty(server.Discovery.Dials);
        var answer = new ResourcesDialed { PluginId = "p", DiscoveryId = Key.DiscoveryId };
        answer.Resources.Add(new DialedResource { Identity = "docker_container /a", Outcome = DialOutcome.Accepted });
        answer.Resources.Add(new DialedResource { Identity = "docker_container /b", Outcome = DialOutcome.Failed });
        answer.Resources.Add(new DialedResource { Identity = "docker_container /c", Outcome = DialOutcome.NotDialed });
        await client.SendAsync(new ControlStreamRequest { ResourcesDialed = answer });

        await Eventually.IsTrue(() => !server.Discovery.Dials.IsEmpty, "the answer is stored");
        Assert.True(server.Discovery.Dials.TryDequeue(out var dials));
        Assert.Equal(["docker_container /b", "docker_container /c"], dials.Failed);
    }

    [Fact]
    public async Task Question_is_no_longer_than_a_message_may_be_and_the_rest_is_asked_after_the_next_scan()
    {
        server.Discovery.ToDial = [.. Enumerable.Range(0, 30).Select(static i => Large($"c{i:00}"))];
        await using var client = await OpenAsync();
        var asked = new List<string>();
        for (var scan = 0; scan < 12; scan++)
        {
            await client.SendAsync(new ControlStreamRequest { PluginDiscoveryResults = Found.Results("p", Key.DiscoveryId) });
            var question = (await client.ExpectAsync(ResponseCase.DialResources)).DialResources;
            Assert.InRange(question.CalculateSize(), 1, DialQuestion.Largest + 4_096);
            asked.AddRange(question.Resources.Select(static resource => Connector.Protocol.Discovery.DiscoveredResource.Read(resource, out _)!.Identity!));
        }

        Assert.Equal(30, asked.Distinct().Count());
        Assert.Empty(server.Discovery.Dials);
    }

    [Fact]
    public async Task Store_that_fails_for_a_moment_loses_no_scan()
    {
        var failures = 0;
        server.Discovery.Fails = () => failures++ == 0 ? new ControlStoreException("locked") : null;
        await using var client = await OpenAsync();
        await client.SendAsync(new ControlStreamRequest { PluginDiscoveryResults = Found.Results("p", Key.DiscoveryId, Found.Container("a")) });
        await Eventually.IsTrue(() => server.Discovery.Scans.Count == 1, "it is stored at the second attempt");
    }

    [Fact]
    public async Task Results_without_a_discovery_id_are_not_stored_and_the_session_goes_on()
    {
        await using var client = await OpenAsync();
        await client.SendAsync(new ControlStreamRequest { PluginDiscoveryResults = new PluginDiscoveryResults { PluginId = "p" } });
        await client.SendAsync(new ControlStreamRequest { PluginDiscoveryResults = Found.Results("p", new string('d', 1_000)) });
        await client.SendAsync(new ControlStreamRequest { PluginDiscoveryResults = Found.Results("p", Key.DiscoveryId) });
        await Eventually.IsTrue(() => server.Discovery.Scans.Count == 1, "the last is stored");
    }

    [Fact]
    public async Task Scan_that_is_asked_for_reaches_the_replica_and_states_of_plugins_come_back()
    {
        await using var client = await OpenAsync();
        server.Tell(new ConnectorsProtocol.DiscoverNow(ControlPlaneFixture.ConnectorId, Key.PluginId, "r1"));
        var discover = (await client.ExpectAsync(ResponseCase.Discover)).Discover;
        Assert.Equal(("p", "r1"), (discover.Id, discover.RequestId));

        await client.SendAsync(Status("waiting", "permission denied"));
        await Eventually.IsTrueAsync(async () => (await server.SessionAsync()).Plugins is [{ State: "waiting", Reason: "permission denied" }], "it is shown", TestContext.Current.CancellationToken);
        await client.SendAsync(Status("gone", ""));
        await Eventually.IsTrueAsync(async () => (await server.SessionAsync()).Plugins.IsEmpty, "it is forgotten", TestContext.Current.CancellationToken);
    }

    private static ControlStreamRequest Status(string state, string reason)
        => new() { PluginStatus = new PluginStatusReport { ReplicaId = "r", Plugins = { new PluginStatus { PluginId = "p", State = state, Reason = reason } } } };

    private static KnownResource Known(string identity)
        => new(identity, "docker_container", "x", Found.Container("x").ToJson().ToJsonString(), Found.Noon, Found.Noon, Found.Noon, 3, false);

    /// <summary>Some 200 KiB.</summary>
    private static KnownResource Large(string name)
    {
        var container = Found.Container(name);
        var labels = Enumerable.Range(0, 200).ToImmutableSortedDictionary(static i => $"l{i}", static _ => new string('x', 1_000));
        var large = new Connector.Protocol.Discovery.DiscoveredResource(
            container.Type, (Connector.Protocol.Discovery.DockerContainerDetails)container.Details with { Labels = labels.SetItem("l0", "x") });
        return Known(large.Identity!) with { Json = large.ToJson().ToJsonString() };
    }

    private async Task<ControlStreamClient> OpenAsync()
    {
        var client = await ControlStreamClient.OpenAsync(server, key, BootId.New());
        await client.ExpectStartAsync();
        return client;
    }
}
