using System.Runtime.CompilerServices;

namespace Connector.Plugins.Network;

/// <summary>How many connections a plugin may try, over all its targets: so many a second, and so many at once. Targets take turns.</summary>
internal sealed class ProbeBudget(int perSecond, int inFlight, TimeProvider time)
{
    // Timers are no finer than this.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly double most = Math.Max(1, perSecond / 50.0);
    private readonly Lock gate = new();

    // First come, first served. Each share has one place in each of the two queues, however much it wants.
    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly SemaphoreSlim slots = new(inFlight, inFlight);
    private double left = 1;
    private long given;
    private long counted = time.GetTimestamp();

    /// <summary>Connections that could be tried so far. While it grows, whoever waits does so for others, and not for nothing.</summary>
    public long Given => Interlocked.Read(ref given);

    /// <summary>Of one target.</summary>
    public ProbeShare Share() => new(this);

    /// <summary>Returns when one more connection may be tried.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    internal async ValueTask TakeAsync(CancellationToken cancellationToken)
    {
        await turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            while (!TryTake(out var wait))
            {
                await Task.Delay(wait, time, cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    internal Task TakeSlotAsync(CancellationToken cancellationToken) => slots.WaitAsync(cancellationToken);

    internal void ReturnSlot() => slots.Release();

    private bool TryTake(out TimeSpan wait)
    {
        lock (gate)
        {
            var now = time.GetTimestamp();
            left = Math.Min(most, left + (time.GetElapsedTime(counted, now).TotalSeconds * perSecond));
            counted = now;
            wait = TimeSpan.Zero;
            if (left >= 1)
            {
                left--;
                given++;
                return true;
            }

            wait = TimeSpan.FromSeconds((1 - left) / perSecond);
            wait = wait > ShortestWait ? wait : ShortestWait;
            return false;
        }
    }
}
