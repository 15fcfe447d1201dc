using System.Text;
using System.Text.Json.Nodes;
using Connector.Tests.Services;
using Xunit;

namespace Connector.Tests.Processes;

/// <summary>A socket of two connectors, each with one replica: one whole connector may go.</summary>
[Trait("kind", Kinds.Process)]
[Collection(RealThings.Name)]
public sealed class SeveralConnectorsTests
{
    private const int Held = 20;
    private const int NewConnections = 200;

    [Fact]
    public async Task Loss_of_a_whole_connector_fails_no_new_connection()
    {
        var cancellation = TestContext.Current.CancellationToken;
        using var one = new TemporaryFolder("one");
        using var two = new TemporaryFolder("two");
        await using var echo = LoopbackUpstream.StartEcho();
        await using var server = await ServerProcess.StartAsync(cancellation);
        var (other, token) = await server.CreateConnectorAsync("other");
        var socket = await server.Api.CreateSocketAsync("both", echo.Port, body =>
        {
            body.Remove("connector_id");
            body["connector_ids"] = new JsonArray(server.ConnectorId, other);
        });
        await using var first = await ReplicaProcess.StartAsync(server, one, FreePorts.Take(), cancellation);
        await using var second = await ReplicaProcess.StartAsync(server, two, FreePorts.Take(), cancellation, token: token);
        await UserConnection.EchoEventuallyAsync(socket.Port, cancellation);

        // The edge chooses among the replicas of both.
        var held = new List<UserConnection>();
        try
        {
            await Eventually.IsTrueAsync(
                async () =>
                {
                    if (held.Count < 10 * Held)
                    {
                        held.Add(await HoldAsync(socket.Port, cancellation));
                    }

                    return held.Count >= Held && await LiveAsync(first, cancellation) > 0 && await LiveAsync(second, cancellation) > 0;
                },
                "both connectors carry streams", cancellation);
            await Eventually.IsTrueAsync(
                async () => await LiveAsync(first, cancellation) + await LiveAsync(second, cancellation) == held.Count, "none but the held streams run", cancellation);
            var overFirst = await LiveAsync(first, cancellation);

            // The system resets its lanes when it has gone: from then on the edge knows. Its streams wait for it to come back.
            first.Process.Signal(UnixSignal.Kill);
            await first.Process.WaitForExitAsync(TimeSpan.FromSeconds(30));
            for (var i = 0; i < NewConnections; i++)
            {
                await UserConnection.EchoAsync(socket.Port, cancellation);
            }

            await Eventually.IsTrueAsync(
                async () => await LiveAsync(second, cancellation) == held.Count - overFirst, "only the held streams of the other connector are left", cancellation);
        }
        finally
        {
            held.ForEach(static connection => connection.Dispose());
        }
    }

    private static async Task<UserConnection> HoldAsync(int port, CancellationToken cancellation)
    {
        var connection = await UserConnection.OpenAsync(port, cancellation);
        await connection.SendAsync(Encoding.ASCII.GetBytes("held"), cancellation);
        Assert.Equal("held", Encoding.ASCII.GetString(await connection.ReceiveAsync(4, cancellation)));
        return connection;
    }

    private static async Task<int> LiveAsync(ReplicaProcess replica, CancellationToken cancellation)
        => (int)(await replica.StatusAsync(cancellation))["streams"]!["live"]!;
}
