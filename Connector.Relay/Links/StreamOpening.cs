namespace Connector.Relay.Links;

/// <summary>
/// A stream that this edge offers to a replica: waits for a place among the pending dials, then for the replica's answers. Thread-safe.
/// </summary>
public sealed class StreamOpening
{
    private readonly TaskCompletionSource accepted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<OpenOutcome> answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock gate = new();
    private CancellationTokenSource? waiting;
    private PendingOpen? pending;
    private bool cancelled;

    internal StreamOpening()
    {
    }

    /// <summary>
    /// Completes when the replica has said ACCEPTED or OPENED. Stays open when the offer ends without: <see cref="Answer"/> completes then.
    /// </summary>
    public Task Accepted => accepted.Task;

    /// <summary>Completes with OPENED, REFUSED, or the loss of the link; faults only with what is this process's own failure.</summary>
    public Task<OpenOutcome> Answer => answer.Task;

    /// <summary>
    /// Gives the offer up. Whatever the replica has answered or will answer, the stream is reset; so this is not for one that is in use.
    /// </summary>
    public void Cancel()
    {
        CancellationTokenSource? place;
        PendingOpen? begun;
        lock (gate)
        {
            cancelled = true;
            place = waiting;
            begun = pending;
        }

        place?.Cancel();
        begun?.Cancel();
    }

    internal void SayAccepted() => accepted.TrySetResult();

    internal void End(OpenOutcome outcome) => answer.TrySetResult(outcome);

    internal void Fault(Exception failure) => answer.TrySetException(failure);

    /// <summary>False when it was given up; that is the answer then. Whoever waits is bounded by whoever opens: each has a deadline.</summary>
    internal async ValueTask<bool> TakePlaceAsync(SemaphoreSlim places)
    {
        if (places.Wait(0))
            return true;
        CancellationToken stop;
        lock (gate)
            stop = cancelled ? new CancellationToken(canceled: true) : (waiting ??= new CancellationTokenSource()).Token;
        try
        {
            await places.WaitAsync(stop).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            End(new OpenOutcome.Cancelled());
            return false;
        }
    }

    /// <summary>OPEN has been sent. One that was given up meanwhile is reset.</summary>
    internal void Begun(PendingOpen open)
    {
        lock (gate)
        {
            pending = open;
            if (!cancelled)
                return;
        }

        open.Cancel();
    }
}
