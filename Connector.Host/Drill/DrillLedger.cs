using System.Collections.Immutable;

namespace Connector.Host.Drill;

/// <summary>What the load and the watch of the control plane have seen. Thread-safe. Bounded by the drill's own length.</summary>
internal sealed class DrillLedger(TimeProvider time)
{
    private readonly long began = time.GetTimestamp();
    private readonly Lock gate = new();
    private readonly List<OpenSample> opens = [];
    private readonly List<StreamLoss> losses = [];
    private readonly List<ControlSample> control = [];
    private int streams;

    /// <summary>Since the drill began.</summary>
    public TimeSpan Now => time.GetElapsedTime(began);

    public ControlSample? LastControl
    {
        get
        {
            lock (gate)
            {
                return control.Count == 0 ? null : control[^1];
            }
        }
    }

    public int Streams => Volatile.Read(ref streams);

    public void Opened(TimeSpan at, string? failure)
    {
        lock (gate)
        {
            opens.Add(new OpenSample(at, Now - at, failure));
        }
    }

    public void Lost(string reason)
    {
        lock (gate)
        {
            losses.Add(new StreamLoss(Now, reason));
        }
    }

    public void StreamBegan() => Interlocked.Increment(ref streams);

    public void StreamEnded() => Interlocked.Decrement(ref streams);

    public void Saw(ControlSample sample)
    {
        lock (gate)
        {
            control.Add(sample);
        }
    }

    public DrillResult Judge(DrillWindow window, bool slowBefore)
    {
        lock (gate)
        {
            return DrillJudge.Judge(window, opens, losses, control, slowBefore);
        }
    }

    public LoadSummary Summary()
    {
        lock (gate)
        {
            var failures = opens.Where(static open => open.Failure is not null).ToImmutableArray();
            return new LoadSummary(
                opens.Count, opens.Count / Math.Max(0.001, Now.TotalSeconds), opens.Select(static open => open.Took).DefaultIfEmpty().Max(), failures.Length, losses.Count, Streams,
                failures.Select(static open => open.Failure).Concat(losses.Select(static loss => loss.Reason)).FirstOrDefault() ?? "");
        }
    }
}
