using Connector.Protocol.Discovery;
using Connector.Tests.Services;

namespace Connector.Tests.Plugins.Network;

/// <summary>The scan against real servers, and what they make of it.</summary>
[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class NetworkServersTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sshd_is_found_and_is_sent_nothing_that_it_complains_about()
    {
        Installed.Require(SshServer.Needs);
        await using var server = await SshServer.StartAsync(Cancellation);

        Assert.Equal([$"{ResourceTypes.NetworkSshServer} 127.0.0.1:{server.Port}"], await Scans.FoundAsync(SlowTime.Thirtyfold, server.Port));

        Assert.DoesNotContain("invalid", server.Output, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("Bad protocol", server.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Nginx_is_found_in_plain_and_with_tls()
    {
        Installed.Require(NginxServer.Needs);
        await using var server = await NginxServer.StartAsync(Cancellation, largeMegabytes: 1);

        var found = await Scans.FoundAsync(SlowTime.Fivefold, server.Port, server.TlsPort);

        Assert.Equal(
            new[] { $"{ResourceTypes.NetworkHttpServer} 127.0.0.1:{server.Port}", $"{ResourceTypes.NetworkHttpsServer} 127.0.0.1:{server.TlsPort}" }.Order(),
            found.Order());
    }

    [Fact]
    public async Task Mariadb_is_found_more_often_than_it_forgives_connection_errors_and_lets_users_in_after_that()
    {
        Installed.Require(MariaDbServer.Needs);
        await using var server = await MariaDbServer.StartAsync(Cancellation);

        // It holds nothing against 127.0.0.1.
        const string scansFrom = "127.0.0.4";
        await using var forwarded = new LoopbackAddress(scansFrom).Forward(server.Port);
        for (var scan = 0; scan < 2 * MariaDbServer.MaxConnectErrors; scan++)
        {
            Assert.Equal([$"{ResourceTypes.NetworkMysqlServer} 127.0.0.1:{forwarded.Port}"], await Scans.FoundAsync(SlowTime.Thirtyfold, forwarded.Port));
        }

        var counted = await MariaDbServer.QueryAsync(
            server.Port, $"select concat('errors: ', sum_connect_errors) from performance_schema.host_cache where ip = '{scansFrom}'");
        Assert.Equal("errors: 0", counted.Trim());
    }

    [Fact]
    public async Task Postgresql_is_found()
    {
        Installed.Require(PostgresServer.Needs);
        await using var server = await PostgresServer.StartAsync(Cancellation);

        Assert.Equal([$"{ResourceTypes.NetworkPostgresqlServer} 127.0.0.1:{server.Port}"], await Scans.FoundAsync(SlowTime.Fivefold, server.Port));
    }
}
