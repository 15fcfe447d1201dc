using System.Diagnostics;

namespace Connector.Tests;

/// <summary>Waits for a state that other threads or processes bring about. The deadline is generous: a slow machine is not a defect.</summary>
internal static partial class Eventually
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromMinutes(3);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(20);

    public static async Task IsTrueAsync(Func<Task<bool>> condition, string what, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        var watch = Stopwatch.StartNew();
        while (!await condition())
        {
            if (watch.Elapsed > (deadline ?? DefaultDeadline))
            {
                throw new TimeoutException($"Waited {(deadline ?? DefaultDeadline).TotalSeconds:0} s in vain until {what}.");
            }

            await Task.Delay(Poll, cancellation);
        }
    }

    public static Task IsTrueAsync(Func<bool> condition, string what, CancellationToken cancellation, TimeSpan? deadline = null)
        => IsTrueAsync(() => Task.FromResult(condition()), what, cancellation, deadline);

    /// <summary>Repeats what throws until it does not; the last failure is the reason given.</summary>
    public static async Task<T> SucceedsAsync<T>(Func<Task<T>> attempt, string what, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                if (watch.Elapsed > (deadline ?? DefaultDeadline))
                {
                    throw new TimeoutException($"Waited {(deadline ?? DefaultDeadline).TotalSeconds:0} s in vain until {what}; last: {e.Message}", e);
                }

                await Task.Delay(Poll, cancellation);
            }
        }
    }
}
