namespace Connector.Actors.Control;

/// <summary>The two ways in which this side ends a connection.</summary>
internal static class ControlConnectionEnd
{
    /// <summary>Half-closes and lets the server finish, for as long as the deadline allows.</summary>
    public static async Task CloseAsync(IControlConnection ending, TimeSpan deadline, TimeProvider time)
    {
        using var late = new CancellationTokenSource(deadline, time);
        try
        {
            await ending.CompleteAsync(late.Token).ConfigureAwait(false);
        }
        finally
        {
            await ending.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Nobody waits for it.</summary>
    public static void Discard(IControlConnection connection)
        => _ = connection.DisposeAsync().AsTask().ContinueWith(
            static disposal => _ = disposal.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
}
