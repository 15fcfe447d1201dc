using Connector.Actors.Health;

namespace Connector.Actors.Sockets.Checks;

/// <summary>
/// What is known of one upstream, and when it has to be checked next. Times are of one monotonic clock. A decision only: it dials nothing and
/// touches no stream.
/// </summary>
internal sealed class UpstreamEvidence(UpstreamCheck check, TimeSpan now)
{
    /// <summary>Without checks: how long what a stream has shown counts.</summary>
    public static readonly TimeSpan UncheckedExpiry = TimeSpan.FromSeconds(30);

    // What came later than this after its deadline comes from a process that slept: it says nothing about the upstream.
    private static readonly TimeSpan Slept = TimeSpan.FromSeconds(1);

    private TimeSpan baseline = now;
    private bool failed;
    private TimeSpan failedAt;
    private string reason = "";

    /// <summary>The newest proof.</summary>
    public TimeSpan? ProvenAt { get; private set; }

    private TimeSpan Expiry => check.Enabled ? (2 * check.Interval) + check.Timeout : UncheckedExpiry;

    /// <summary>A check or the dial of a stream got through.</summary>
    public void Proven(TimeSpan at)
    {
        failed = false;
        Advance(at);
    }

    /// <summary>
    /// Bytes came from the upstream on a stream. They keep the lamp on; after a failure only a stream that was dialled since shows that new ones
    /// can be opened again.
    /// </summary>
    public void Flowed(TimeSpan dialled, TimeSpan at)
    {
        if (failed && dialled < failedAt)
            return;
        failed = false;
        Advance(at);
    }

    /// <summary>A check or the dial of a stream that began then got no answer. Counts unless something was proven since it began.</summary>
    public void Failed(TimeSpan begun, TimeSpan at, string why)
    {
        if (ProvenAt > begun)
            return;
        failed = true;
        failedAt = at;
        reason = why;
    }

    /// <summary>A check failed. False: it does not count, because this process slept meanwhile.</summary>
    public bool CheckFailed(TimeSpan begun, TimeSpan at, string why)
    {
        if (at - begun > check.Timeout + Slept)
            return false;
        Failed(begun, at, why);

        // From its begin, so that a hanging upstream is tried as often as a refusing one.
        if (begun > baseline)
            baseline = begun;
        return true;
    }

    public (LampState State, string Reason) Judge(TimeSpan now)
    {
        if (failed)
        {
            return check.Enabled || now - failedAt <= UncheckedExpiry
                ? (LampState.Off, reason)
                : (LampState.Unknown, $"upstream_check is off, and no stream was opened for {UncheckedExpiry.TotalSeconds:0} s; the last one failed: {reason}");
        }

        if (ProvenAt is { } proven && now - proven <= Expiry)
            return (LampState.On, "");
        return (LampState.Unknown, check.Enabled
            ? ProvenAt is null ? "not checked yet" : $"no check was finished for {Expiry.TotalSeconds:0} s"
            : $"upstream_check is off, and no stream has shown it for {UncheckedExpiry.TotalSeconds:0} s");
    }

    /// <summary>
    /// When the next check is due; null when there is none. Three fifths to three quarters of the interval after the newest evidence, so that check and
    /// timeout together end within little more than the interval.
    /// </summary>
    /// <param name="jitter">0 to 1.</param>
    public TimeSpan? DueAt(double jitter) => check.Enabled ? baseline + (check.Interval * (0.6 + (0.15 * jitter))) : null;

    private void Advance(TimeSpan at)
    {
        if (ProvenAt is null || at > ProvenAt)
            ProvenAt = at;
        if (at > baseline)
            baseline = at;
    }
}
