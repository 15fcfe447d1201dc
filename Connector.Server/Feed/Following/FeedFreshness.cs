using Connector.Protocol.Ids;
using Connector.Server.Feed.Wire;

namespace Connector.Server.Feed.Following;

/// <summary>Decides how an edge stands with its control plane, from when it was heard. Thread-safe.</summary>
/// <param name="tooOldAfter">Of silence.</param>
internal sealed class FeedFreshness(TimeProvider time, TimeSpan tooOldAfter)
{
    /// <summary>As long as tickets live: with older tables an edge would let in users, and replicas with tickets from elsewhere, by rules that are long gone.</summary>
    public static readonly TimeSpan TooOldAfter = TimeSpan.FromHours(24);

    private readonly Lock gate = new();
    private FeedConditionState state = FeedConditionState.Waiting;
    private DateTimeOffset since = time.GetUtcNow();
    private DateTimeOffset? heardAt;
    private long? heard;
    private bool heardInThisRun;
    private TimeSpan silenceBefore;
    private string reason = "it was not reached yet";
    private DesiredStateVersion? version;

    public FeedCondition Now
    {
        get
        {
            lock (gate)
            {
                return new(state, since, heardAt, state == FeedConditionState.Fresh ? "" : reason, version);
            }
        }
    }

    /// <summary>A state of an earlier run was read from the disk.</summary>
    public void Restored(DesiredStateVersion known, DateTimeOffset confirmedAt)
    {
        lock (gate)
        {
            var now = time.GetUtcNow();

            // A clock that was set back makes no state younger than now.
            silenceBefore = now > confirmedAt ? now - confirmedAt : TimeSpan.Zero;
            (heard, heardAt, version) = (time.GetTimestamp(), confirmedAt, known);
            (state, since) = (silenceBefore >= tooOldAfter ? FeedConditionState.TooOld : FeedConditionState.Stale, now);
        }
    }

    /// <summary>The control plane said something on a stream that is in order.</summary>
    public void Heard(DesiredStateVersion? now = null)
    {
        lock (gate)
        {
            (heard, heardAt, silenceBefore, heardInThisRun) = (time.GetTimestamp(), time.GetUtcNow(), TimeSpan.Zero, true);
            version = now ?? version;
        }
    }

    /// <summary>Why there is no stream.</summary>
    public void Lost(string why)
    {
        lock (gate)
        {
            reason = why;
        }
    }

    /// <summary>To be asked often. Not null when the state has changed since it was asked last.</summary>
    public FeedCondition? Check()
    {
        lock (gate)
        {
            var next = heard is not { } last || version is null ? FeedConditionState.Waiting
                : silenceBefore + time.GetElapsedTime(last) is var silence && silence >= tooOldAfter ? FeedConditionState.TooOld
                : !heardInThisRun || silence >= FeedBounds.StaleAfter ? FeedConditionState.Stale
                : FeedConditionState.Fresh;
            if (next == state)
            {
                return null;
            }

            (state, since) = (next, time.GetUtcNow());
            return Now;
        }
    }
}
