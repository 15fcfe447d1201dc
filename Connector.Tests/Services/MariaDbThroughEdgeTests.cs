using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class MariaDbThroughEdgeTests(SharedDev dev)
{
    /// <summary>20 MB of rows, each different.</summary>
    private const string LargeQuery = "select repeat(md5(seq), 32) from mysql.seq_1_to_20000";

    /// <summary>32 digests of 32 digits and the end of the line, each.</summary>
    private const int LargeBytes = 20_000 * ((32 * 32) + 1);

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    /// <summary>6 s by the promise; the rest is for telling the control plane, and for a busy machine. A lamp nobody proves would be unknown by then.</summary>
    private static readonly TimeSpan LampDeadline = TimeSpan.FromSeconds(60);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Query_of_twenty_megabytes_arrives_as_it_does_directly()
    {
        Installed.Require(MariaDbServer.Needs);
        await using var mariaDb = await MariaDbServer.StartAsync(Cancellation);
        await using var served = await ServeAsync(mariaDb);
        await Eventually.SucceedsAsync(() => MariaDbServer.QueryAsync(served.Port, "select 1"), "the client is served through the edge", Cancellation);

        Assert.Equal(await HashAsync(mariaDb.Port), await HashAsync(served.Port));
    }

    [Fact]
    public async Task Upstream_lamp_follows_a_server_that_is_stopped_goes_on_and_ends()
    {
        Installed.Require(MariaDbServer.Needs);
        await using var mariaDb = await MariaDbServer.StartAsync(Cancellation);
        await using var served = await ServeAsync(mariaDb);
        await LampAsync(served, "on");

        mariaDb.Signal(UnixSignal.Stop);
        try
        {
            // The kernel goes on accepting for it.
            Assert.True(await LoopbackPort.AcceptsAsync(mariaDb.Port, Cancellation));
            await LampAsync(served, "off", "took the connection, but no MySQL server greeted within 2 s");
        }
        finally
        {
            mariaDb.Signal(UnixSignal.Continue);
        }

        await LampAsync(served, "on");
        Assert.Equal("42", await MariaDbServer.QueryAsync(served.Port, "select 6 * 7"));

        await mariaDb.EndAsync();
        await LampAsync(served, "off", "refused the connection");
    }

    private async Task<ServedPort> ServeAsync(MariaDbServer mariaDb)
        => await ServedPort.CreateAsync(await dev.GetAsync(Cancellation), mariaDb.Port, body =>
        {
            body["socket_type"] = "database";
            body["upstream_configuration"] = new JsonObject
            {
                ["service_type"] = "database",
                ["database_service_configuration"] = new JsonObject
                {
                    ["database_service_type"] = "standard",
                    ["standard_database_service_configuration"] = new JsonObject { ["protocol"] = "mysql", ["hostname"] = "127.0.0.1", ["port"] = mariaDb.Port },
                },
            };
        });

    /// <summary>Waits for the state with that reason: a check in the middle of the change may have given another. Online it is with the lamp, and not without it.</summary>
    private async Task LampAsync(ServedPort served, string state, string reason = "")
    {
        var api = (await dev.GetAsync(Cancellation)).Api;
        var socket = new JsonObject();
        await Eventually.IsTrueAsync(
            async () =>
            {
                socket = (await api.SendAsync(HttpMethod.Get, $"socket/{served.Name}")).EnsureSuccess("Reading the socket").Json.AsObject();
                return (string?)Lamp()?["state"] == state && (bool)socket["online"]! == (state == "on")
                    && ((string?)Lamp()?["reason"] ?? "").Contains(reason, StringComparison.Ordinal);
            },
            $"the upstream lamp is {state} {reason}",
            Cancellation,
            LampDeadline);

        JsonNode? Lamp() => socket["status"]?["replicas"]?.AsArray().SingleOrDefault()?["upstream"];
    }

    private static async Task<string> HashAsync(int port)
    {
        await using var client = ChildProcess.Start(
            InstalledProgram.MariaDbClient.Require(), MariaDbServer.Client(port, LargeQuery), handling: ChildOutput.Streamed);
        using var rows = new MemoryStream();
        await client.StandardOutput.CopyToAsync(rows, Cancellation).WaitAsync(Deadline, Cancellation);
        var code = await client.WaitForExitAsync(Deadline);
        Assert.True(code == 0, $"The client ended with {code}: {client.Output}");
        Assert.Equal(LargeBytes, rows.Length);
        return Convert.ToHexString(SHA256.HashData(rows.GetBuffer().AsSpan(0, LargeBytes)));
    }
}
