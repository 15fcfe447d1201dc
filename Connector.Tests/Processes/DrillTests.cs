using System.Text.Json.Nodes;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class DrillTests(SharedDev shared)
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Drill_of_a_group_keeps_its_promises()
    {
        var cancellation = TestContext.Current.CancellationToken;
        await using var connector = await ConnectorProcess.StartDevAsync([], cancellation, replicas: 2);
        using var http = new HttpClient();
        await Eventually.IsTrueAsync(
            async () => (await Task.WhenAll(connector.Ready.Replicas.Select(RoleAsync))).Order().SequenceEqual(["leader", "member"]), "there is a group", cancellation);

        await BestOf.ThreeAsync(async () =>
        {
            await using var drill = ConnectorExecutable.Start(
                ["drill", "--ready-file", connector.ReadyPath, "--rate", "50", "--streams", "10", "--events", "kill-follower,drain"]);
            return await drill.WaitForExitAsync(Deadline) == 0 && drill.Output.Contains("Every promise was kept.", StringComparison.Ordinal) ? null : drill.Output;
        });

        async Task<string?> RoleAsync(ReadyReplica replica)
            => (string?)JsonNode.Parse(await http.GetStringAsync(new Uri(new Uri(replica.HealthUrl!), "status"), cancellation))!["role"];
    }

    [Fact]
    public async Task Replica_within_dev_s_own_process_is_not_touched()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await shared.GetAsync(cancellation);
        using var folder = new TemporaryFolder("drill");
        var file = folder.Write("ready.json", new JsonObject
        {
            ["pid"] = connector.Ready.ProcessId,
            ["api_url"] = connector.Ready.ApiUrl,
            ["admin_token"] = connector.Ready.AdminToken,
            ["replicas"] = new JsonArray([.. connector.Ready.Replicas.Select(
                replica => new JsonObject { ["id"] = replica.Id, ["pid"] = replica.ProcessId, ["health_url"] = replica.HealthUrl })]),
        }.ToJsonString());

        await using var last = ConnectorExecutable.Start(["drill", "--ready-file", file]);
        Assert.Equal(1, await last.WaitForExitAsync(Deadline));
        Assert.Contains("the only healthy one of its group", last.Output, StringComparison.Ordinal);

        await using var forced = ConnectorExecutable.Start(["drill", "--ready-file", file, "--even-the-last", "--rate", "20", "--streams", "1", "--events", "kill-leader"]);
        Assert.Equal(1, await forced.WaitForExitAsync(Deadline));
        Assert.Contains("would be done to the control plane and the edge too", forced.Output, StringComparison.Ordinal);
        Assert.False(connector.Process.HasExited);
    }
}
