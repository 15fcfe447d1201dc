namespace Connector.Tests.Processes;

/// <summary>Waits for what another process will do, by asking again; never longer than a generous deadline.</summary>
internal static class Eventually
{
    private static readonly TimeSpan DefaultDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);

    public static async Task IsTrueAsync(Func<Task<bool>> condition, string what, CancellationToken cancellation, TimeSpan? deadline = null)
    {
        var limit = DateTime.UtcNow + (deadline ?? DefaultDeadline);
        while (!await condition())
        {
            if (DateTime.UtcNow > limit)
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
        var limit = DateTime.UtcNow + (deadline ?? DefaultDeadline);
        while (true)
        {
            try
            {
                return await attempt();
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellation.IsCancellationRequested)
            {
                if (DateTime.UtcNow > limit)
                {
                    throw new TimeoutException($"Waited {(deadline ?? DefaultDeadline).TotalSeconds:0} s in vain until {what}; last: {e.Message}", e);
                }

                await Task.Delay(Poll, cancellation);
            }
        }
    }
}
