using System.Net;
using System.Text;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class LiveChangeTests(SharedDev dev)
{
    private static readonly TimeSpan RevokedWithin = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Sockets_added_changed_and_deleted_under_traffic_leave_other_streams_undisturbed()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var paced = new PacedUpstream();
        await using var echo = LoopbackUpstream.StartEcho();
        var bystander = await connector.Api.CreateSocketAsync(Name("bystander"), paced.Port);
        await using var watch = await ServedStream.StartAsync(bystander, cancellation);
        await watch.ReceiveAsync(50, cancellation);

        var added = await connector.Api.CreateSocketAsync(Name("added"), echo.Port);
        await UserConnection.EchoEventuallyAsync(added.Port, cancellation);
        await using var other = LoopbackUpstream.Start(
            (connection, stop) => LoopbackUpstream.SendAllAsync(connection, Encoding.ASCII.GetBytes("other"), stop));
        (await connector.Api.ChangeUpstreamAsync(added, ControlPlaneApi.TlsUpstream(other.Port))).EnsureSuccess("Changing the upstream");
        await Eventually.IsTrueAsync(() => AnswersAsync(added.Port, "other", cancellation), "new streams reach the new upstream", cancellation);
        await connector.Api.DeleteSocketAsync(added);
        await Eventually.IsTrueAsync(async () => !await LoopbackPort.AcceptsAsync(added.Port, cancellation), "the deleted socket's port is closed", cancellation);

        await watch.ReceiveAsync(50, cancellation);
        paced.Finish();
        Assert.Equal("end", await watch.Ended.WaitAsync(TimeSpan.FromSeconds(60), cancellation));
        Assert.Equal(paced.SentBlocks(watch.Seed), watch.Blocks);
        await connector.Api.DeleteSocketAsync(bystander);
    }

    [Fact]
    public async Task Upstream_changed_keeps_running_streams_on_the_old_one()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var before = new PacedUpstream();
        await using var after = LoopbackUpstream.StartEcho();
        var socket = await connector.Api.CreateSocketAsync(Name("moving"), before.Port);
        await using var watch = await ServedStream.StartAsync(socket, cancellation);

        (await connector.Api.ChangeUpstreamAsync(socket, ControlPlaneApi.TlsUpstream(after.Port))).EnsureSuccess("Changing the upstream");
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);

        await watch.ReceiveAsync(50, cancellation);
        before.Finish();
        Assert.Equal("end", await watch.Ended.WaitAsync(TimeSpan.FromSeconds(60), cancellation));
        await connector.Api.DeleteSocketAsync(socket);
    }

    [Fact]
    public async Task Socket_deleted_ends_its_running_streams()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var paced = new PacedUpstream();
        var socket = await connector.Api.CreateSocketAsync(Name("doomed"), paced.Port);
        await using var watch = await ServedStream.StartAsync(socket, cancellation);

        await connector.Api.DeleteSocketAsync(socket);

        await watch.Ended.WaitAsync(RevokedWithin, cancellation);
        Assert.Equal(HttpStatusCode.NotFound, (await connector.Api.SendAsync(HttpMethod.Get, $"socket/{socket.Id}")).Status);
    }

    [Fact]
    public async Task Socket_that_is_not_public_lets_nobody_in()
    {
        var cancellation = TestContext.Current.CancellationToken;
        var connector = await dev.GetAsync(cancellation);
        await using var echo = LoopbackUpstream.StartEcho();
        var open = await connector.Api.CreateSocketAsync(Name("open"), echo.Port);
        await UserConnection.EchoEventuallyAsync(open.Port, cancellation);
        var closed = await connector.Api.CreateSocketAsync(Name("closed"), echo.Port);
        var body = connector.Api.SocketBody(closed.Name, echo.Port);
        body["edge"] = new System.Text.Json.Nodes.JsonObject { ["public"] = false };
        (await connector.Api.SendAsync(HttpMethod.Put, $"socket/{closed.Id}", body.ToJsonString())).EnsureSuccess("Closing the socket");

        await Eventually.IsTrueAsync(async () => !await EchoesAsync(closed.Port, cancellation), "the socket without public turns users away", cancellation);
        Assert.True(await EchoesAsync(open.Port, cancellation));
        await connector.Api.DeleteSocketAsync(open);
        await connector.Api.DeleteSocketAsync(closed);
    }

    private static string Name(string part) => $"{part}-{Guid.NewGuid().ToString("N")[..8]}";

    private static async Task<bool> AnswersAsync(int port, string text, CancellationToken cancellation)
    {
        try
        {
            using var client = await UserConnection.OpenAsync(port, cancellation);
            client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            return Encoding.ASCII.GetString(await client.ReceiveAsync(text.Length, cancellation)) == text;
        }
        catch (System.Net.Sockets.SocketException)
        {
            return false;
        }
    }

    private static async Task<bool> EchoesAsync(int port, CancellationToken cancellation)
    {
        try
        {
            await UserConnection.EchoAsync(port, cancellation);
            return true;
        }
        catch (Exception e) when (e is System.Net.Sockets.SocketException or InvalidDataException)
        {
            return false;
        }
    }
}
