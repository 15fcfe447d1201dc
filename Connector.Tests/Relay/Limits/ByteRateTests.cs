using Connector.Relay.Limits;
using CsCheck;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Relay.Limits;

[Trait("kind", Kinds.Pure)]
public sealed class ByteRateTests
{
    private readonly FakeTimeProvider time = new();

    [Fact]
    public void Rate_is_kept_over_random_pieces_and_steps_by_all_streams_together()
        => Gen.Select(Gen.Int[1, 6], Gen.Int[1_000, 5_000_000], Gen.Int[1, 100_000].Array[1, 20], Gen.Int[1, 20].Array[50, 150]).Sample(
            (count, perSecond, pieces, steps) =>
            {
                var clock = new FakeTimeProvider();
                using var rate = new ByteRate(clock);
                rate.Change(perSecond);
                var streams = Enumerable.Range(0, count).Select(_ => new Hungry(rate)).ToArray();
                var (elapsed, next) = (0, 0);
                foreach (var step in steps)
                {
                    foreach (var stream in streams)
                        stream.Run(() => pieces[next++ % pieces.Length]);
                    var moved = streams.Sum(stream => stream.Bytes);
                    var (quantum, burst) = (Quantum(perSecond), Math.Max(perSecond / 10, Quantum(perSecond)));
                    var due = elapsed / 1000.0 * perSecond;
                    Assert.True(moved <= due + burst + 1, $"{moved} bytes in {elapsed} ms at {perSecond} B/s");
                    Assert.True(moved >= due - (count * 2 * quantum), $"only {moved} bytes in {elapsed} ms at {perSecond} B/s");
                    clock.Advance(TimeSpan.FromMilliseconds(step));
                    elapsed += step;
                }
            },
            iter: 200);

    [Fact]
    public void Streams_that_want_more_than_there_is_get_the_same_each()
    {
        using var rate = Limited(100_000);
        var streams = Enumerable.Range(0, 5).Select(n => new Hungry(rate) { BothWays = n == 0 }).ToArray();

        for (var step = 0; step < 1000; step++)
        {
            foreach (var stream in streams)
                stream.Run(() => 50_000);
            time.Advance(TimeSpan.FromMilliseconds(10));
        }

        // 10 s at 100 kB/s, a fifth each, within a few turns of 2 kB. A stream that is busy both ways has no more than the others.
        Assert.All(streams, stream => Assert.InRange(stream.Bytes, 190_000, 210_000));
    }

    [Fact]
    public void Small_message_waits_for_one_turn_of_each_bulk_stream_and_not_for_their_transfers()
    {
        using var rate = Limited(100_000);
        var bulk = Enumerable.Range(0, 4).Select(_ => new Hungry(rate)).ToArray();
        for (var message = 0; message < 20; message++)
        {
            var interactive = new Hungry(rate);
            foreach (var stream in bulk)
                stream.Run(() => 1_000_000);
            Assert.Equal(0, interactive.Once(50));
            var waited = 0;
            while (!interactive.Resumed)
            {
                time.Advance(TimeSpan.FromMilliseconds(1));
                foreach (var stream in bulk)
                    stream.Run(() => 1_000_000);
                waited++;

                // Four turns of 2,000 bytes each take 80 ms.
                Assert.True(waited < 100, "the small message waits longer than a turn of each other stream");
            }

            Assert.Equal(50, interactive.Once(50));
        }
    }

    [Fact]
    public void Nothing_is_counted_and_no_timer_made_without_a_limit()
    {
        using var rate = new ByteRate(time);
        var stream = new Hungry(rate);

        Assert.False(rate.IsLimited);
        Assert.Equal(int.MaxValue, stream.Once(int.MaxValue));
        Assert.False(rate.HasTimer);

        rate.Change(1000);
        Assert.False(rate.HasTimer);
        stream.Run(() => 1000);
        Assert.Equal((true, 1), (rate.HasTimer, rate.Waiting));

        rate.Change(0);
        Assert.Equal((false, 0), (rate.HasTimer, rate.Waiting));
        Assert.True(stream.Resumed);
    }

    [Theory]
    [InlineData(1_000_000, 100)]
    [InlineData(100, 1_000_000)]
    public void Changed_rate_holds_for_who_waits_already(int before, int after)
    {
        using var rate = Limited(before);
        var stream = new Hungry(rate);
        stream.Run(() => 100_000);
        rate.Change(after);
        var bytes = stream.Bytes;

        for (var step = 0; step < 1000; step++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            stream.Run(() => 100_000);
        }

        Assert.InRange(stream.Bytes - bytes, (after * 10) - Quantum(after), (after * 10) + Math.Max(after / 10, Quantum(after)));
    }

    [Fact]
    public void Stream_that_is_over_leaves_the_queue_and_takes_nothing()
    {
        using var rate = Limited(1000);
        var (over, other) = (new Hungry(rate), new Hungry(rate));
        other.Run(() => 10_000);
        over.Run(() => 10_000);
        var (bytes, otherBytes) = (over.Bytes, other.Bytes);
        Assert.Equal(2, rate.Waiting);

        over.Stream.Close();
        for (var step = 0; step < 1000; step++)
        {
            time.Advance(TimeSpan.FromMilliseconds(10));
            other.Run(() => 10_000);
        }

        Assert.Equal(0, over.Once(100));
        Assert.Equal((bytes, false, 1), (over.Bytes, over.Resumed, rate.Waiting));
        Assert.InRange(other.Bytes - otherBytes, 9_900, 10_100);
    }

    private static int Quantum(int perSecond) => Math.Clamp(perSecond / 50, 64, 65536);

    private ByteRate Limited(long perSecond)
    {
        var rate = new ByteRate(time);
        rate.Change(perSecond);
        return rate;
    }

    /// <summary>Moves all that it may, in pieces.</summary>
    private sealed class Hungry
    {
        private readonly bool[] parked = new bool[2];
        private readonly int[] wanted = new int[2];

        // A stage finishes one piece before it turns to the next.
        public Hungry(ByteRate rate) => Stream = new LimitedStream(null!, rate);

        public LimitedStream Stream { get; }

        public bool BothWays { get; init; }

        public long Bytes { get; private set; }

        public bool Resumed { get; private set; }

        public void Run(Func<int> piece)
        {
            foreach (var direction in BothWays ? (Direction[])[Direction.FromUpstream, Direction.ToUpstream] : [Direction.ToUpstream])
            {
                var index = (int)direction;
                while (!parked[index])
                {
                    if (wanted[index] == 0)
                        wanted[index] = piece();
                    parked[index] = true;
                    var may = Stream.Take(direction, wanted[index], () => (parked[index], Resumed) = (false, true));
                    if (may == 0)
                        break;
                    parked[index] = false;
                    Stream.Moved(direction, may);
                    wanted[index] -= may;
                    Bytes += may;
                }
            }
        }

        public int Once(int bytes) => Stream.Take(Direction.FromUpstream, bytes, () => Resumed = true);
    }
}
