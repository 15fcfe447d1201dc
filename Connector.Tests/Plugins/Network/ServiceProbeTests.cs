using System.Net;
using System.Text;
using Connector.Tests.Protocol.Tls;
using Connector.Tests.Server.Edge;
using Microsoft.AspNetCore.Http;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Contract)]
public sealed class ServiceProbeTests
{
    private static readonly byte[] RdpConfirm = [3, 0, 0, 19, 14, 0xd0, 0, 0, 0x12, 0x34, 0, 2, 0x1f, 8, 0, 2, 0, 0, 0];

    private static readonly byte[] MysqlGreeting = Packet(0, [10, .. "8.0.36\0"u8, .. new byte[40], .. "mysql_native_password\0"u8]);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_speaks_first_is_asked_nothing()
    {
        await using var ssh = new SpeakingServer("SSH-2.0-test\r\n"u8.ToArray());
        await using var vnc = new SpeakingServer("RFB 003.008\n"u8.ToArray());
        await using var mail = new SpeakingServer("220 mail.test ESMTP\r\n"u8.ToArray());

        // Mail is listened to until the limit: it could go on.
        var found = await Scans.FoundAsync(SlowTime.Fivefold, ssh.Port, vnc.Port, mail.Port);

        Assert.Equal(
            [$"network_ssh_server 127.0.0.1:{ssh.Port}", $"network_vnc_server 127.0.0.1:{vnc.Port}"], found.Order(StringComparer.Ordinal));
        Assert.All((SpeakingServer[])[ssh, vnc, mail], server => Assert.Equal((1, 0), (server.Connections, server.Heard.Count)));
    }

    [Fact]
    public async Task Mysql_is_left_by_a_login_that_it_refuses()
    {
        await using var mysql = new SpeakingServer(MysqlGreeting, _ => Packet(2, [0xff, 0x15, 0x04, .. "#28000Access denied"u8]));

        Assert.Equal([$"network_mysql_server 127.0.0.1:{mysql.Port}"], await Scans.FoundAsync(SlowTime.Thirtyfold, mysql.Port));

        Assert.Contains("connector-discovery", Encoding.Latin1.GetString(Assert.Single(mysql.Heard)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Http_server_is_found()
    {
        await using var server = await HttpStub.OnPortAsync(context => context.Response.WriteAsync("hello"));

        Assert.Equal([$"network_http_server 127.0.0.1:{server.Port}"], await Scans.FoundAsync(SlowTime.Fivefold, server.Port));
    }

    [Fact]
    public async Task Https_server_is_found_whatever_its_certificate()
    {
        using var certificate = LaneCertificates.Create("nobody");
        await using var server = await HttpStub.OnPortAsync(context => context.Response.WriteAsync("hello"), certificate);

        Assert.Equal([$"network_https_server 127.0.0.1:{server.Port}"], await Scans.FoundAsync(SlowTime.Fivefold, server.Port));
    }

    [Fact]
    public async Task Nothing_is_fetched_that_a_certificate_names()
    {
        await using var trap = new IssuerTrap();
        await using var server = await HttpStub.OnPortAsync(context => context.Response.WriteAsync("hello"), trap.Certificate);
        var byServer = trap.Questions;

        Assert.Equal([$"network_https_server 127.0.0.1:{server.Port}"], await Scans.FoundAsync(SlowTime.Fivefold, server.Port));

        Assert.Equal(byServer, trap.Questions);
    }

    [Theory]
    [InlineData("S")]
    [InlineData("N")]
    public async Task Postgresql_is_found_by_its_answer_to_the_question_for_tls(string answer)
    {
        await using var server = new SpeakingServer([], heard => heard is [0, 0, 0, 8, 4, 0xd2, 0x16, 0x2f] ? Encoding.ASCII.GetBytes(answer) : []);

        Assert.Equal([$"network_postgresql_server 127.0.0.1:{server.Port}"], await Scans.FoundAsync(SlowTime.Fivefold, server.Port));
    }

    [Fact]
    public async Task Rdp_server_is_found_by_its_confirm()
    {
        await using var server = new SpeakingServer([], heard => heard is [3, 0, 0, 19, 14, 0xe0, ..] ? RdpConfirm : []);

        Assert.Equal([$"network_rdp_server 127.0.0.1:{server.Port}"], await Scans.FoundAsync(SlowTime.Fivefold, server.Port));
    }

    [Fact]
    public async Task What_answers_in_its_own_way_is_nothing_that_is_known()
    {
        await using var redis = new SpeakingServer([], _ => "-ERR unknown command\r\n"u8.ToArray());
        await using var echo = new SpeakingServer([], heard => heard);
        await using var megabytes = new SpeakingServer([], _ => new byte[1_000_000]);

        Assert.Empty(await Scans.FoundAsync(redis.Port, echo.Port, megabytes.Port));
        Assert.DoesNotContain(redis.Heard, heard => heard is [0, 0, 0, 8, ..] or [3, 0, ..]);
    }

    [Fact]
    public async Task Who_hangs_up_is_asked_nothing_more()
    {
        await using var closing = new ClosingServer();

        Assert.Empty(await Scans.FoundAsync(SlowTime.Thirtyfold, closing.Port));

        Assert.Equal(1, closing.Connections);
    }

    [Fact]
    public async Task Server_on_ipv6_is_found()
    {
        await using var ssh = new SpeakingServer("SSH-2.0-test\r\n"u8.ToArray(), at: new IPEndPoint(IPAddress.IPv6Loopback, 0));

        var found = await Scans.Of(SlowTime.Thirtyfold, "::1", ssh.Port).DiscoverAsync(null, Cancellation);

        Assert.Equal($"network_ssh_server [::1]:{ssh.Port}", Assert.Single(found.Resources).Identity);
    }

    private static byte[] Packet(byte sequence, byte[] content) => [(byte)content.Length, 0, 0, sequence, .. content];
}
