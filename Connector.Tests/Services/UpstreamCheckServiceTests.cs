using Connector.Actors.Reach;
using Connector.Actors.Sockets.Checks;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class UpstreamCheckServiceTests
{
    private readonly UpstreamProbe probe = new(
        new UpstreamDialer(ReachPolicy.Floor, new UpstreamDialerOptions(InContainer: false), TimeProvider.System), TimeProvider.System,
        greetingWait: TimeSpan.FromSeconds(10));

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sshd_that_is_stopped_accepts_and_fails_the_check(bool configured)
    {
        Installed.Require(SshServer.Needs);
        await using var server = await SshServer.StartAsync(TestContext.Current.CancellationToken);

        // Of unknown kind it is recognised by its greeting.
        var outcome = await CheckAsync(server.Port, configured ? UpstreamCheckKind.Ssh : UpstreamCheckKind.Tcp);
        Assert.Equal(new CheckOutcome(null, UpstreamCheckKind.Ssh), outcome);
        await StoppedAsync(server.Signal, server.Port, UpstreamCheckKind.Ssh, "no SSH server identified itself");
    }

    [Fact]
    public async Task Postgres_that_is_stopped_accepts_and_fails_the_check()
    {
        Installed.Require(PostgresServer.Needs);
        await using var server = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal(new CheckOutcome(null, UpstreamCheckKind.Postgres), await CheckAsync(server.Port, UpstreamCheckKind.Postgres));
        Assert.Null((await CheckAsync(server.Port, UpstreamCheckKind.PostgresTls)).Failure);
        await StoppedAsync(server.Signal, server.Port, UpstreamCheckKind.Postgres, "no PostgreSQL server answered");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task MariaDb_that_is_stopped_or_ended_fails_the_check(bool configured)
    {
        Installed.Require(MariaDbServer.Needs);
        await using var server = await MariaDbServer.StartAsync(TestContext.Current.CancellationToken);

        // Of unknown kind it is recognised by its greeting.
        var outcome = await CheckAsync(server.Port, configured ? UpstreamCheckKind.MySql : UpstreamCheckKind.Tcp);
        Assert.Equal(new CheckOutcome(null, UpstreamCheckKind.MySql), outcome);
        await StoppedAsync(server.Signal, server.Port, UpstreamCheckKind.MySql, "no MySQL server greeted");

        await server.EndAsync();
        Assert.Contains("refused the connection", (await CheckAsync(server.Port, UpstreamCheckKind.MySql)).Failure, StringComparison.Ordinal);
    }

    private Task<CheckOutcome> CheckAsync(int port, UpstreamCheckKind kind)
        => probe.CheckAsync(
            new PlainUpstream("127.0.0.1", port), UpstreamCheck.Default with { Kind = kind, Timeout = TimeSpan.FromSeconds(10) }, listen: true, TestContext.Current.CancellationToken);

    private async Task StoppedAsync(Action<UnixSignal> signal, int port, UpstreamCheckKind kind, string reason)
    {
        signal(UnixSignal.Stop);
        try
        {
            var outcome = await probe.CheckAsync(
                new PlainUpstream("127.0.0.1", port), UpstreamCheck.Default with { Kind = kind, Timeout = TimeSpan.FromSeconds(5) }, listen: true, TestContext.Current.CancellationToken);
            Assert.Contains($"took the connection, but {reason} within 5 s", outcome.Failure, StringComparison.Ordinal);
            Assert.Equal(kind, outcome.Next);
        }
        finally
        {
            signal(UnixSignal.Continue);
        }

        Assert.Null((await CheckAsync(port, kind)).Failure);
    }
}
