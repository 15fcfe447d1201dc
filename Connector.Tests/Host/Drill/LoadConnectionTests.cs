using System.Text;
using Connector.Host.Drill;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Host.Drill;

[Trait("kind", Kinds.Contract)]
public sealed class LoadConnectionTests
{
    private static readonly TimeSpan Pace = TimeSpan.FromMilliseconds(10);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Echo_is_served_and_checked_for_as_long_as_it_lasts()
    {
        await using var echo = LoopbackUpstream.StartEcho();
        using var connection = await LoadConnection.OpenAsync(Target(echo, LoadKind.Echo), stays: true, Cancellation);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var use = connection.UseAsync(Pace, end.Token);

        await end.CancelAsync();

        Assert.Null(await use);
    }

    [Fact]
    public async Task Stream_that_is_cut_says_so()
    {
        await using var echo = LoopbackUpstream.StartEcho();
        using var connection = await LoadConnection.OpenAsync(Target(echo, LoadKind.Echo), stays: true, Cancellation);
        var use = connection.UseAsync(Pace, Cancellation);

        echo.ResetConnections();

        Assert.Contains("socket s", await use);
    }

    [Fact]
    public async Task Bytes_that_are_not_those_that_were_sent_are_a_failure()
    {
        await using var liar = LoopbackUpstream.Start(async (connection, cancellation) =>
        {
            await connection.ReceiveAsync(new byte[8], cancellation);
            await LoopbackUpstream.SendAllAsync(connection, new byte[] { 0, 0, 0, 0, 0, 0, 0, 9 }, cancellation);
        });

        var failure = await Assert.ThrowsAsync<IOException>(() => LoadConnection.OpenAsync(Target(liar, LoadKind.Echo), stays: false, Cancellation));

        Assert.Contains("at byte 7", failure.Message);
    }

    [Fact]
    public async Task Http_is_served_when_it_is_answered_in_http()
    {
        await using var page = LoopbackUpstream.Start(async (connection, cancellation) =>
        {
            await connection.ReceiveAsync(new byte[4096], cancellation);
            await LoopbackUpstream.SendAllAsync(connection, Encoding.ASCII.GetBytes("HTTP/1.1 204 No Content\r\n\r\n"), cancellation);
        });
        await using var other = LoopbackUpstream.Start(
            (connection, cancellation) => LoopbackUpstream.SendAllAsync(connection, Encoding.ASCII.GetBytes("SSH-2.0-x\r\n"), cancellation));

        (await LoadConnection.OpenAsync(Target(page, LoadKind.Http), stays: false, Cancellation)).Dispose();
        Assert.Contains("did not answer in HTTP", (await Assert.ThrowsAsync<IOException>(
            () => LoadConnection.OpenAsync(Target(other, LoadKind.Http), stays: false, Cancellation))).Message);
    }

    [Fact]
    public async Task Silent_service_is_served_while_its_connection_stands_and_a_closed_one_is_not()
    {
        await using var silent = LoopbackUpstream.Start(async (connection, cancellation) => await connection.ReceiveAsync(new byte[1], cancellation));
        await using var closing = LoopbackUpstream.Start((_, _) => Task.CompletedTask);

        (await LoadConnection.OpenAsync(Target(silent, LoadKind.Hold), stays: false, Cancellation)).Dispose();

        // What is closed later than the product waits for it is taken for served.
        await Eventually.SucceedsAsync(
            () => Assert.ThrowsAsync<IOException>(() => LoadConnection.OpenAsync(Target(closing, LoadKind.Hold), stays: false, Cancellation)),
            "a closed one is not served", Cancellation);
    }

    [Fact]
    public async Task Load_counts_what_it_opens_keeps_and_loses()
    {
        await using var echo = LoopbackUpstream.StartEcho();
        var ledger = new DrillLedger(TimeProvider.System);
        await using var load = new DrillLoad([Target(echo, LoadKind.Echo)], rate: 50, streams: 5, ledger);
        load.Start();
        await Eventually.IsTrueAsync(() => ledger.Streams == 5 && ledger.Summary().Opens > 20, "the load runs", Cancellation);
        Assert.Equal((0, 0), (ledger.Summary().Failed, ledger.Summary().Lost));

        // Streams that the load ends itself are not lost.
        await load.RenewAsync(TimeSpan.FromMilliseconds(50), Cancellation);
        await Eventually.IsTrueAsync(() => ledger.Streams == 5, "the streams are new ones", Cancellation);
        Assert.Equal(0, ledger.Summary().Lost);

        // Streams that are just being renewed count as well, and are not lost by this.
        await Eventually.IsTrueAsync(
            () =>
            {
                if (ledger.Summary().Lost >= 5)
                {
                    return true;
                }

                echo.ResetConnections();
                return false;
            },
            "lost streams are counted", Cancellation);
        await Eventually.IsTrueAsync(() => ledger.Streams == 5, "lost streams are opened again", Cancellation);
    }

    private static LoadTarget Target(LoopbackUpstream upstream, LoadKind kind) => new("s", "127.0.0.1", upstream.Port, kind);
}
