using Connector.Actors.Reach;
using Connector.Actors.Sockets.Checks;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

/// <summary>MariaDB takes no connection from an address any more that has left it too often in the middle of a login. Checks must not bring that about.</summary>
[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class MariaDbHostBlockTests
{
    private const string ChecksFrom = "127.0.0.2";
    private const string LeavesFrom = "127.0.0.3";
    private const int Checks = 6 * MariaDbServer.MaxConnectErrors;
    private const string Blocked = "is blocked because of many connection errors";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Checks_by_far_more_than_the_errors_allowed_leave_users_their_login(bool configured)
    {
        Installed.Require(MariaDbServer.Needs);
        await using var server = await MariaDbServer.StartAsync(Cancellation);
        var (kind, host) = (configured ? UpstreamCheckKind.MySql : UpstreamCheckKind.Tcp, new LoopbackAddress(ChecksFrom));
        for (var check = 0; check < Checks; check++)
        {
            Assert.Equal(new CheckOutcome(null, UpstreamCheckKind.MySql), await CheckAsync(host, server.Port, kind, TimeSpan.FromSeconds(10)));
        }

        Assert.Equal("0", await ErrorsAsync(server, ChecksFrom));
        await LogsInFromAsync(server, host);
    }

    [Fact]
    public async Task Checks_of_a_stopped_server_are_not_held_against_the_connector_when_it_goes_on()
    {
        Installed.Require(MariaDbServer.Needs);
        await using var server = await MariaDbServer.StartAsync(Cancellation);
        var host = new LoopbackAddress(ChecksFrom);
        server.Signal(UnixSignal.Stop);
        try
        {
            for (var check = 0; check < 2 * MariaDbServer.MaxConnectErrors; check++)
            {
                var outcome = await CheckAsync(host, server.Port, UpstreamCheckKind.MySql, TimeSpan.FromSeconds(1));
                Assert.Contains("no MySQL server greeted", outcome.Failure, StringComparison.Ordinal);
            }
        }
        finally
        {
            server.Signal(UnixSignal.Continue);
        }

        // It takes connections in their order: this one shows that it has seen those that were cut off.
        await LogsInFromAsync(server, host);
        Assert.Equal("0", await ErrorsAsync(server, ChecksFrom));
        Assert.Null((await CheckAsync(host, server.Port, UpstreamCheckKind.MySql, TimeSpan.FromSeconds(10))).Failure);
    }

    /// <summary>What the others prove is worth something only if this server does block, over loopback, too.</summary>
    [Fact]
    public async Task Host_that_reads_the_greeting_and_leaves_is_blocked_and_a_check_says_so()
    {
        Installed.Require(MariaDbServer.Needs);
        await using var server = await MariaDbServer.StartAsync(Cancellation);
        var host = new LoopbackAddress(LeavesFrom);
        await LogsInFromAsync(server, host);
        for (var visit = 0; visit < MariaDbServer.MaxConnectErrors; visit++)
        {
            using var connection = await host.ConnectAsync(server.Port, Cancellation);
            Assert.True(await connection.ReceiveAsync(new byte[512], Cancellation) > 0);
        }

        await Eventually.IsTrueAsync(
            async () => await ErrorsAsync(server, LeavesFrom) == $"{MariaDbServer.MaxConnectErrors}", "the server has counted every visit", Cancellation);
        var refused = await Assert.ThrowsAsync<InvalidOperationException>(() => LogsInFromAsync(server, host));
        Assert.Contains(Blocked, refused.Message, StringComparison.Ordinal);
        foreach (var kind in (UpstreamCheckKind[])[UpstreamCheckKind.MySql, UpstreamCheckKind.Tcp])
        {
            var outcome = await CheckAsync(host, server.Port, kind, TimeSpan.FromSeconds(10));
            Assert.Contains($"takes no connection from here: Host '{LeavesFrom}' {Blocked}", outcome.Failure, StringComparison.Ordinal);
        }
    }

    private static Task<CheckOutcome> CheckAsync(LoopbackAddress from, int port, UpstreamCheckKind kind, TimeSpan timeout)
        => new UpstreamProbe(from, TimeProvider.System, greetingWait: TimeSpan.FromSeconds(10)).CheckAsync(
            new PlainUpstream("127.0.0.1", port), UpstreamCheck.Default with { Kind = kind, Timeout = timeout }, listen: true, Cancellation);

    private static async Task LogsInFromAsync(MariaDbServer server, LoopbackAddress host)
    {
        await using var forwarder = host.Forward(server.Port);
        Assert.Equal("42", await MariaDbServer.QueryAsync(forwarder.Port, "select 6 * 7"));
    }

    private static Task<string> ErrorsAsync(MariaDbServer server, string host)
        => MariaDbServer.QueryAsync(server.Port, $"select sum_connect_errors from performance_schema.host_cache where ip = '{host}'");
}
