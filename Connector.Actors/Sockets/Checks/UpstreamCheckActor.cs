using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Health;
using Connector.Actors.Reach;
using static Connector.Actors.Sockets.Checks.UpstreamCheckProtocol;

namespace Connector.Actors.Sockets.Checks;

/// <summary>
/// The upstream lamps of a replica: checks upstreams of which no stream tells anything, and publishes what is known. Only tells: it ends and
/// refuses no stream. One for all sockets, so that how many checks run at once has a bound.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class UpstreamCheckActor : ReceiveActor, IWithTimers
{
    /// <summary>Checks that run at once in this replica. Those beyond wait for their turn.</summary>
    public const int MostAtOnce = 64;

    /// <summary>And so many besides, of upstreams whose lamp is on: many that hang must not keep those that answer from being proven.</summary>
    public const int MostProvenBesides = 16;

    private static readonly TimeSpan SampleInterval = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ChangeDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan RefreshInterval = TimeSpan.FromSeconds(2);

    private readonly UpstreamWatches watches;
    private readonly UpstreamProbe probe;
    private readonly TimeProvider time;
    private readonly Func<double> random;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly FailureLogLimit logLimit = new(perWindow: 200, TimeSpan.FromSeconds(10));
    private readonly CancellationTokenSource stopping = new();

    private TimeSpan lastSample;
    private int running;
    private int runningBesides;

    // Some lamp changed and its publication is on its way.
    private bool changed;

    public UpstreamCheckActor(UpstreamWatches watches, IUpstreamDialer dialer, TimeProvider time, Func<double> random)
    {
        this.watches = watches;
        this.time = time;
        this.random = random;
        probe = new UpstreamProbe(dialer, time);
        lastSample = Now;

        Receive<Watch>(Begin);
        Receive<Unwatch>(unwatch =>
        {
            if (watches.Find(unwatch.SocketId) is { } watch && watch.Owner.Equals(Sender))
                watches.Remove(unwatch.SocketId);
        });
        Receive<StreamBegan>(Began);
        Receive<StreamEnded>(ended => watches.Find(ended.SocketId)?.Ended(ended.Stream));
        Receive<DialFailed>(failed =>
        {
            if (watches.Find(failed.SocketId) is not { } watch || watch.Upstream != failed.Upstream)
                return;
            watch.Evidence.Failed(failed.Dialled, Now, failed.Reason);
            Judge(watch);
        });
        Receive<Wake>(_ => OnWake());
        Receive<Sample>(_ => OnSample());
        Receive<CheckEnded>(Ended);
        Receive<Publish>(_ => PublishChanged());
        Receive<GetUpstreamLamps>(_ => Sender.Tell(
            new UpstreamLampsChanged([.. watches.All.Select(watch => new UpstreamLampOf(watch.SocketId, watch.Lamp))])));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => Lamp.Now(time);

    public static Props Props(IUpstreamDialer dialer, TimeProvider time, Func<double> random)
    {
        var watches = new UpstreamWatches();
        return Akka.Actor.Props.Create(() => new UpstreamCheckActor(watches, dialer, time, random));
    }

    protected override void PreStart()
    {
        // After a restart: what the predecessor had under way or in its queues begins again, once.
        watches.ForgetWaiting();
        foreach (var watch in watches.All.Where(watch => watch.Checking))
        {
            watch.Checking = false;
            Schedule(watch);
        }

        Timers.StartPeriodicTimer(nameof(Sample), Sample.Instance, SampleInterval);
        WakeAtNext();
    }

    protected override void PostStop()
    {
        stopping.Cancel();
        stopping.Dispose();
    }

    private void Begin(Watch wanted)
    {
        if (watches.Find(wanted.SocketId) is { } known && known.Upstream == wanted.Upstream && known.Check == wanted.Check && known.Owner.Equals(Sender))
        {
            known.Name = wanted.Name;
            return;
        }

        var watch = new UpstreamWatch(wanted.SocketId, wanted.Name, Sender, wanted.Upstream, wanted.Check, Now, time.GetUtcNow());
        watches.Put(watch);

        // The first check comes soon, and not all of them at the same moment.
        if (wanted.Check.Enabled)
            watches.Schedule(watch, Now + (0.1 * random() * wanted.Check.Interval));
        Judge(watch);
        WakeAtNext();
    }

    private void Began(StreamBegan began)
    {
        if (watches.Find(began.SocketId) is not { } watch || watch.Upstream != began.Upstream)
            return;
        watch.Began(began.Stream, began.Dialled);

        // Where the check asks for more than a connection, a connection alone is no proof either.
        if (watch.Kind == UpstreamCheckKind.Tcp)
            watch.Evidence.Proven(Now);
        Judge(watch);
    }

    private void OnWake()
    {
        var now = Now;
        foreach (var watch in watches.TakeDue(now))
        {
            // Something was proven meanwhile: not now.
            if (watch.Checking)
                continue;
            if (watch.Evidence.DueAt(0) is not { } due)
                continue;
            if (due > now && watch.Evidence.ProvenAt is not null)
            {
                Schedule(watch);
                continue;
            }

            watch.Checking = true;
            watches.Wait(watch);
        }

        StartWaiting();
        WakeAtNext();
    }

    private void StartWaiting()
    {
        while (running < MostAtOnce && watches.TryTakeWaiting(out var watch))
        {
            running++;
            Start(watch, besides: false);
        }

        while (runningBesides < MostProvenBesides && watches.TryTakeProven(out var watch))
        {
            runningBesides++;
            Start(watch, besides: true);
        }
    }

    private void Start(UpstreamWatch watch, bool besides)
    {
        var (begun, upstream, check, listen) = (Now, watch.Upstream, watch.Check with { Kind = watch.Kind }, watch.Listens(watches.HasWaiting));
        var cancellation = stopping.Token;

        // On the pool: what a dialer does before it first waits is not this actor's time.
        Task.Run(() => probe.CheckAsync(upstream, check, listen, cancellation), cancellation).PipeTo(
            Self,
            Self,
            success: outcome => new CheckEnded(this, watch, besides, begun, outcome, null),
            failure: e => new CheckEnded(this, watch, besides, begun, null, e));
    }

    private void Ended(CheckEnded ended)
    {
        // Of the predecessor before a restart: begun again, and not counted here.
        if (ended.By != this)
            return;
        if (ended.Besides)
            runningBesides--;
        else
            running--;
        var watch = ended.Watch;
        if (watches.IsCurrent(watch))
        {
            watch.Checking = false;
            var counted = true;
            switch (ended.Outcome)
            {
                case { Failure: null }:
                    watch.Evidence.Proven(Now);
                    break;
                case { Failure: { } why }:
                    counted = watch.Evidence.CheckFailed(ended.Begun, Now, why);
                    break;
                default:
                    counted = watch.Evidence.CheckFailed(ended.Begun, Now, $"the check of upstream {watch.Upstream} failed unexpectedly: {ended.Failure!.Message}");
                    break;
            }

            watch.Kind = ended.Outcome?.Next ?? watch.Kind;
            Judge(watch);
            if (counted)
                Schedule(watch);
            else
                watches.Schedule(watch, Now);
        }

        StartWaiting();
        WakeAtNext();
    }

    // While streams bring bytes no check falls due; and what nobody proves any more turns unknown here.
    private void OnSample()
    {
        var last = lastSample;
        lastSample = Now;
        foreach (var watch in watches.All)
        {
            if (watch.HasStreams)
                watch.Sample(last);
            Judge(watch);
        }
    }

    private void Schedule(UpstreamWatch watch)
    {
        if (watch.Evidence.DueAt(random()) is { } due)
            watches.Schedule(watch, due > Now ? due : Now);
    }

    private void WakeAtNext()
    {
        if (watches.NextDue is not { } next)
            return;
        var wait = next - Now;
        Timers.StartSingleTimer(nameof(Wake), Wake.Instance, wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
    }

    private void Judge(UpstreamWatch watch)
    {
        if (watch.Judge(Now, time.GetUtcNow()) || watch.Published is null)
        {
            if (!changed)
                Timers.StartSingleTimer(nameof(Publish), Publish.Instance, ChangeDelay);
            changed = true;
        }
        else if (!ReferenceEquals(watch.Lamp, watch.Published) && !Timers.IsTimerActive(nameof(Publish)))
        {
            Timers.StartSingleTimer(nameof(Publish), Publish.Instance, RefreshInterval);
        }
    }

    private void PublishChanged()
    {
        changed = false;
        var news = ImmutableArray.CreateBuilder<UpstreamLampOf>();
        foreach (var watch in watches.All)
        {
            if (ReferenceEquals(watch.Published, watch.Lamp))
                continue;
            if (watch.Published?.State != watch.Lamp.State)
                Record(watch);
            watch.Published = watch.Lamp;
            news.Add(new UpstreamLampOf(watch.SocketId, watch.Lamp));
        }

        if (news.Count > 0)
            Context.System.EventStream.Publish(new UpstreamLampsChanged(news.ToImmutable()));
    }

    private void Record(UpstreamWatch watch)
    {
        // That a new socket's upstream answers is as it should be, and that it is not known yet is no news.
        if (!watch.Reported && watch.Lamp.State != LampState.Off && watch.Published?.State != LampState.On)
            return;
        watch.Reported = true;
        var now = time.GetUtcNow();
        if (!watch.LogLimit.TryWrite(now, out var before) || !logLimit.TryWrite(now, out var others))
            return;
        if (before + others > 0)
            log.Info("{Suppressed} records of changed upstream lamps were left out", before + others);
        if (watch.Lamp.State == LampState.On)
            log.Info("upstream lamp of socket {SocketId} {SocketName} is on: {Upstream} answers", watch.SocketId, watch.Name, watch.Upstream);
        else
            log.Warning("upstream lamp of socket {SocketId} {SocketName} is {State}: {Reason}", watch.SocketId, watch.Name, watch.Lamp.State == LampState.Off ? "off" : "unknown", watch.Lamp.Reason);
    }

    private sealed record CheckEnded(UpstreamCheckActor By, UpstreamWatch Watch, bool Besides, TimeSpan Begun, CheckOutcome? Outcome, Exception? Failure)
        : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record Wake
    {
        public static readonly Wake Instance = new();
    }

    private sealed record Sample
    {
        public static readonly Sample Instance = new();
    }

    private sealed record Publish
    {
        public static readonly Publish Instance = new();
    }
}
