using System.Net;
using System.Net.Sockets;
using Connector.Plugins.Network;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Contract)]
public sealed class NetworkScanTests
{
    private const int Addresses = 256;

    private readonly FakeTimeProvider time = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Only_what_may_be_tried_now_takes_workers()
    {
        var budget = new ProbeBudget(200, 1_000, time);
        var scan = Scan(budget, FreePorts.Take(), Addresses);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        // The clock stands still: one may be tried, and no more.
        var running = scan.RunAsync(stopping.Token);
        await UntilAsync(() => budget.Given == 1);
        await stopping.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        Assert.Equal(1, scan.Workers);
    }

    [Fact]
    public async Task Scan_that_waits_while_others_are_served_shows_that_it_goes_on()
    {
        const int others = 100;
        var budget = new ProbeBudget(1, 1_000, time);
        var before = Enumerable.Range(0, others).Select(_ => budget.Share().TakeAsync(Cancellation).AsTask()).ToList();
        var told = 0;
        var running = Scan(budget, FreePorts.Take(), 1, (_, _) => Interlocked.Increment(ref told)).RunAsync(Cancellation);

        // One second after the other, until only one of the others is left.
        while (budget.Given < others - 1)
        {
            await SecondAsync(budget);
        }

        await UntilAsync(() => Volatile.Read(ref told) > 0);
        Assert.False(running.IsCompleted);
        while (!running.IsCompleted)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }

        await running;
        await Task.WhenAll(before);
    }

    [Fact]
    public async Task Scan_that_waits_while_nobody_is_served_shows_nothing()
    {
        var budget = new ProbeBudget(1_000, 1, time);
        var holds = budget.Share();
        await holds.TakeWithSlotAsync(Cancellation);
        var told = 0;
        var running = Scan(budget, FreePorts.Take(), 1, (_, _) => Interlocked.Increment(ref told)).RunAsync(Cancellation);
        while (budget.Given < 2)
        {
            time.Advance(TimeSpan.FromMilliseconds(1));
            await Task.Yield();
        }

        // Its own token is the last that was given.
        time.Advance(TimeSpan.FromMinutes(1));
        await Task.Yield();
        var first = Volatile.Read(ref told);
        for (var minutes = 0; minutes < 5; minutes++)
        {
            time.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }

        Assert.InRange(Volatile.Read(ref told), 0, first + 1);
        Assert.False(running.IsCompleted);
        holds.ReturnSlot();
        await running;
    }

    [Fact]
    public async Task Two_scans_of_one_budget_go_on_side_by_side()
    {
        // So many that the large one goes on also when the last connection of the small one is held up for seconds, and this loop is not.
        const int many = 1 << 14;
        var budget = new ProbeBudget(50, 1_000, time);
        var large = Scan(budget, FreePorts.Take(), many);
        var small = Scan(budget, FreePorts.Take(), 8);
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        var runningLarge = large.RunAsync(stopping.Token);
        await UntilAsync(() => budget.Given == 1);
        var runningSmall = small.RunAsync(Cancellation);

        while (!runningSmall.IsCompleted)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            await Task.Delay(1, Cancellation);
        }

        await runningSmall;
        Assert.False(runningLarge.IsCompleted);
        await stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => runningLarge);
    }

    private async Task SecondAsync(ProbeBudget budget)
    {
        var given = budget.Given;
        while (budget.Given == given)
        {
            time.Advance(TimeSpan.FromSeconds(1));
            await Task.Yield();
        }
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        while (!holds())
        {
            Cancellation.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private NetworkScan Scan(ProbeBudget budget, int port, int count, Action<long, int>? progress = null)
    {
        var first = IPAddress.Parse("127.9.0.1");
        var range = AddressRange.Of(first, first);
        return new NetworkScan(
            new ProbeSequence([range with { Last = range.First + (UInt128)(count - 1) }], [port]), budget, null, static _ => null, new LocalNetworks(true, []),
            static family => new Socket(family, SocketType.Stream, ProtocolType.Tcp), time, progress);
    }
}
