using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Connector.Tests.Actors.Control;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Host.Composition;

/// <summary>What is withdrawn at the control plane stops at the edge: no new streams, and the live ones end.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class RevocationTests(ITestOutputHelper output)
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Deleted_token_ends_its_replicas_links_and_session_and_no_other_tokens()
    {
        await using var upstream = LoopbackUpstream.StartEcho();
        await using var parts = await JoinedParts.StartAsync();
        var socket = await parts.Api.CreateSocketAsync("echo", upstream.Port);
        var (kept, revoked) = (await parts.CreateTokenAsync(), await parts.CreateTokenAsync());

        // Only one of them can hold the control session: the first one loses it, and keeps its links.
        var forwarder = new FreezableForwarder(parts.Https.Port);
        var stays = await parts.StartReplicaAsync(kept.Token, forwarder.Port);
        await parts.ServesAsync(stays, sockets: 1);
        await forwarder.DisposeAsync();
        await parts.SessionAsync("offline", null);
        var goes = await parts.StartReplicaAsync(revoked.Token);
        await parts.SessionAsync("online", goes.ReplicaId.Value);
        await parts.ServesAsync(goes, sockets: 1);

        var streams = new List<UserConnection>();
        for (var i = 0; i < 24; i++)
        {
            streams.Add(await EchoingAsync(socket.Port));
        }

        var clock = Stopwatch.StartNew();
        await parts.DeleteAsync($"connector/{parts.ConnectorId}/token/{revoked.Id}");

        await Eventually.IsTrueAsync(
            async () => (await parts.ConnectorAsync())["replicas"]!.AsArray().All(replica => (string?)replica!["id"] != goes.ReplicaId.Value),
            "the revoked replica has no link and no session", Cancellation);
        output.WriteLine($"links and session gone after {clock.ElapsedMilliseconds} ms");
        await parts.SessionAsync("offline", null);
        using var http = new HttpClient();
        await Eventually.IsTrueAsync(
            async () => (await http.GetStringAsync(new Uri(goes.HealthUrl!, "status"), Cancellation)).Contains("revoked", StringComparison.Ordinal),
            "the revoked replica says why", Cancellation);

        // Every stream either ended or goes on undisturbed; both kinds are there.
        var ended = 0;
        foreach (var stream in streams)
        {
            ended += await EchoesAsync(stream) ? 0 : 1;
            stream.Dispose();
        }

        Assert.InRange(ended, 1, streams.Count - 1);
        await UserConnection.EchoEventuallyAsync(socket.Port, Cancellation);
        await parts.ServesAsync(stays, sockets: 1);
    }

    [Theory]
    [InlineData("token")]
    [InlineData("connector")]
    [InlineData("socket")]
    [InlineData("public")]
    [InlineData("allowed_ips")]
    public async Task Whatever_is_withdrawn_ends_live_streams_and_refuses_new_ones(string what)
    {
        await using var upstream = LoopbackUpstream.StartEcho();
        await using var parts = await JoinedParts.StartAsync();
        var (withdrawn, other) = (await parts.Api.CreateSocketAsync("one", upstream.Port), await parts.Api.CreateSocketAsync("two", upstream.Port));
        var token = await parts.CreateTokenAsync();
        var replica = await parts.StartReplicaAsync(token.Token);
        await parts.ServesAsync(replica, sockets: 2);
        using var stream = await EchoingAsync(withdrawn.Port);
        using var neighbour = await EchoingAsync(other.Port);

        var clock = Stopwatch.StartNew();
        await WithdrawAsync(parts, what, withdrawn, token.Id);

        Assert.Equal(0, await stream.ReadToEndAsync(Cancellation));
        output.WriteLine($"the live stream ended {clock.ElapsedMilliseconds} ms after the request began");
        await Eventually.IsTrueAsync(async () => !await AdmitsAsync(withdrawn.Port), "no new stream is admitted", Cancellation);

        var all = what is "token" or "connector";
        if (all)
        {
            Assert.Equal(0, await neighbour.ReadToEndAsync(Cancellation));
        }
        else
        {
            Assert.True(await EchoesAsync(neighbour), "the neighbour goes on");
        }

        await Eventually.IsTrueAsync(async () => await AdmitsAsync(other.Port) == !all, all ? "the neighbour admits none either" : "the neighbour admits", Cancellation);
        if (what == "connector")
        {
            Assert.Contains("deleted", await replica.Completion.WaitAsync(TimeSpan.FromMinutes(3), Cancellation), StringComparison.Ordinal);
        }
    }

    private static async Task WithdrawAsync(JoinedParts parts, string what, ApiSocket socket, string tokenId)
    {
        switch (what)
        {
            case "token":
                await parts.DeleteAsync($"connector/{parts.ConnectorId}/token/{tokenId}");
                break;
            case "connector":
                await parts.DeleteAsync($"connector/{parts.ConnectorId}");
                break;
            case "socket":
                await parts.DeleteAsync($"socket/{socket.Id}");
                break;
            default:
                var body = await parts.SocketAsync(socket);
                body["edge"]![what] = what == "public" ? JsonValue.Create(false) : new JsonArray("10.0.0.0/8");
                (await parts.Api.SendAsync(HttpMethod.Put, $"socket/{socket.Id}", body.ToJsonString())).EnsureSuccess($"Withdrawing {what}");
                break;
        }
    }

    // A replica that stood still for a moment is taken for stale, and refuses once.
    private static Task<UserConnection> EchoingAsync(int port) => Eventually.SucceedsAsync(
        async () =>
        {
            var stream = await UserConnection.OpenAsync(port, Cancellation);
            if (await EchoesAsync(stream))
            {
                return stream;
            }

            stream.Dispose();
            throw new InvalidDataException("The stream does not echo.");
        },
        $"a stream of port {port} echoes", Cancellation);

    private static async Task<bool> AdmitsAsync(int port)
    {
        try
        {
            using var connection = await UserConnection.OpenAsync(port, Cancellation);
            return await EchoesAsync(connection);
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static async Task<bool> EchoesAsync(UserConnection stream)
    {
        var sent = Encoding.ASCII.GetBytes($"echo {Guid.NewGuid()}");
        try
        {
            await stream.SendAsync(sent, Cancellation);
            return (await stream.ReceiveAsync(sent.Length, Cancellation)).AsSpan().SequenceEqual(sent);
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }
}
