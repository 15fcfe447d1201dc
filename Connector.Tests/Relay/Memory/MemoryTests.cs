using Connector.Protocol.Ids;
using Connector.Relay.Memory;

namespace Connector.Tests.Relay.Memory;

[Trait("kind", Kinds.Pure)]
public sealed class MemoryTests
{
    private static readonly SocketId Id = new("s");

    [Fact]
    public void Buffer_that_comes_back_twice_is_a_bug_and_says_so()
    {
        var memory = new RelayMemory(new RelayMemoryOptions());
        var buffer = memory.Pool.Rent(BufferPool.Small, memory.ForSocket(Id), null);
        buffer.Return();
        Assert.Throws<InvalidOperationException>(buffer.Return);
        Assert.Equal(0, memory.OutstandingBuffers);
    }

    [Fact]
    public void Buffer_is_counted_for_its_socket_until_it_is_back()
    {
        var memory = new RelayMemory(new RelayMemoryOptions());
        SocketMemory one = memory.ForSocket(Id), other = memory.ForSocket(new SocketId("t"));
        var buffer = memory.Pool.Rent(BufferPool.Large, one, null);
        Assert.Equal((1, 0, 1), (one.OutstandingBuffers, other.OutstandingBuffers, memory.OutstandingBuffers));
        buffer.Return();
        Assert.Equal((0, 0, 0), (one.OutstandingBuffers, other.OutstandingBuffers, memory.OutstandingBuffers));
    }

    [Fact]
    public void Socket_gets_at_most_a_quarter_and_all_together_at_most_the_pool()
    {
        var memory = new RelayMemory(new RelayMemoryOptions(PoolBytes: 1000));
        var shares = Enumerable.Range(0, 5).Select(i => memory.ForSocket(new SocketId($"{i}"))).ToArray();
        Assert.False(shares[0].Budget.TryTake(251));
        foreach (var share in shares.Take(4))
            Assert.True(share.Budget.TryTake(250));
        Assert.False(shares[4].Budget.TryTake(1));
        Assert.Equal(1000, memory.UsedBytes);
        shares[0].Budget.Give(250);
        Assert.True(shares[4].Budget.TryTake(250));
    }

    [Fact]
    public void Giving_back_more_than_was_taken_is_a_bug_and_says_so()
    {
        var budget = new MemoryBudget(10);
        Assert.True(budget.TryTake(5));
        Assert.Throws<InvalidOperationException>(() => budget.Give(6));
    }

    [Fact]
    public void Budget_holds_under_contention()
    {
        var pool = new MemoryBudget(1000);
        var shares = Enumerable.Range(0, 4).Select(_ => new MemoryBudget(400, pool)).ToArray();
        var granted = 0L;
        var peak = 0L;
        Parallel.For(0, 8, worker =>
        {
            var share = shares[worker % 4];
            for (var i = 0; i < 20_000; i++)
            {
                if (!share.TryTake(97))
                    continue;
                var now = Interlocked.Add(ref granted, 97);
                InterlockedMax(ref peak, now);
                Interlocked.Add(ref granted, -97);
                share.Give(97);
            }
        });
        Assert.InRange(peak, 97, 1000);
        Assert.Equal(0, pool.Used);
    }

    [Fact]
    public void Streams_beyond_the_bound_get_no_reserve()
    {
        var memory = new RelayMemory(new RelayMemoryOptions(MaxStreams: 2));
        Assert.True(memory.TryReserveStream());
        Assert.True(memory.TryReserveStream());
        Assert.False(memory.TryReserveStream());
        memory.ReleaseStream();
        Assert.True(memory.TryReserveStream());
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen;
        while ((seen = Interlocked.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    [Fact]
    public async Task Budget_is_not_exceeded_for_a_moment_when_takes_compete()
    {
        var budget = new MemoryBudget(1000);
        using var stop = new CancellationTokenSource();
        var highest = Task.Run(() =>
        {
            long peak = 0;
            while (!stop.IsCancellationRequested)
                peak = Math.Max(peak, budget.Used);
            return peak;
        });
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 200_000; i++)
            {
                if (budget.TryTake(600))
                    budget.Give(600);
            }
        })));
        await stop.CancelAsync();
        Assert.InRange(await highest, 0, 1000);
        Assert.Equal(0, budget.Used);
    }
}
