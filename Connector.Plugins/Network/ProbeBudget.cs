namespace Connector.Plugins.Network;

/// <summary>How many connections a plugin may try, over all its targets: so many a second, and so many at once.</summary>
internal sealed class ProbeBudget(int perSecond, int inFlight, TimeProvider time)
{
    // Timers are no finer than this.
    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(1);

    private readonly double most = Math.Max(1, perSecond / 50.0);
    private readonly Lock gate = new();
    private readonly SemaphoreSlim turn = new(1, 1);
    private double left = 1;
    private long counted = time.GetTimestamp();

    /// <summary>Held while something is tried.</summary>
    public SemaphoreSlim Slots { get; } = new(inFlight, inFlight);

    public int InFlight => inFlight;

    /// <summary>Returns when one more connection may be tried.</summary>
    public ValueTask TakeAsync(CancellationToken cancellationToken) => TryTake(out _) ? ValueTask.CompletedTask : WaitAsync(cancellationToken);

    private async ValueTask WaitAsync(CancellationToken cancellationToken)
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
                return true;
            }

            wait = TimeSpan.FromSeconds((1 - left) / perSecond);
            wait = wait > ShortestWait ? wait : ShortestWait;
            return false;
        }
    }
}
