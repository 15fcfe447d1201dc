using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.State;
using Connector.Plugins;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;
using static Connector.Actors.Discovery.DiscoveryProtocol;

namespace Connector.Actors.Discovery;

/// <summary>
/// Runs one plugin: each of its discoverers on its own schedule, never twice at once. Unconfigured → Preparing → Running; a new configuration waits until
/// what runs has ended. Scans run on threads of their own until their first wait: a client that blocks blocks nobody else.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class PluginActor : ReceiveActor, IWithTimers
{
    private const string StallTimer = "stall";
    private const string GraceTimer = "grace";
    private const string PrepareTimer = "prepare";
    private const int StallLooks = 10;

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly DiscoverySettings settings;
    private ImmutableArray<RunningDiscoverer> discoverers = [];
    private PluginDefinition? definition;
    private PluginDefinition? next;
    private bool stopping;
    private TimeSpan interval;

    // In a row, of making what scans; the reader's own refusal is final and not counted.
    private int unprepared;

    // What belongs to an earlier configuration is told apart by it.
    private int generation;
    private CancellationTokenSource life = new();
    private string said = "";

    public static Props Props(DiscoverySettings settings) => Akka.Actor.Props.Create(() => new PluginActor(settings));

    public PluginActor(DiscoverySettings settings)
    {
        this.settings = settings;
        Unconfigured();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => settings.Time.GetUtcNow();

    // ---- behaviours

    /// <summary>There is no configuration yet, it cannot work, or what it needs is not there yet.</summary>
    private void Unconfigured()
    {
        Receive<Configure>(m => PrepareNew(m.Definition));
        Receive<PrepareAgain>(_ => Prepare(definition!));
        Receive<DiscoverNow>(_ =>
        {
            if (unprepared > 0)
                Prepare(definition!);
        });
        Receive<Stop>(_ => Context.Stop(Self));
        ReceiveAny(_ => { });
    }

    private void Preparing()
    {
        Receive<Prepared>(m =>
        {
            if (m.Generation != generation)
            {
                Discard(m.Discoverers);
                return;
            }

            if (stopping)
            {
                Discard(m.Discoverers);
                Context.Stop(Self);
                return;
            }

            if (m.Failure is { } failure)
            {
                OnUnprepared(m, failure);
                return;
            }

            (interval, unprepared) = (m.Interval!.Value, 0);
            Begin(m.Discoverers);
        });
        Receive<Configure>(m => PrepareNew(m.Definition));

        // What is being made must be closed too.
        Receive<Stop>(_ => stopping = true);
        ReceiveAny(_ => { });
    }

    private void Running()
    {
        Receive<ScanDue>(m => Scan(discoverers[m.Index], discoverers[m.Index].AgainRequestId));
        Receive<ScanEnded>(OnScanEnded);
        Receive<DiscoverNow>(m =>
        {
            foreach (var discoverer in discoverers)
                Scan(discoverer, m.RequestId);
        });
        Receive<WatchDue>(m => Watch(discoverers[m.Index]));
        Receive<Changed>(m =>
        {
            if (m.Generation == generation)
                ScanSoon(discoverers[m.Index]);
        });
        Receive<WatchEnded>(OnWatchEnded);
        Receive<StallDue>(_ => LookForStalls());
        Receive<NotTaken>(m =>
        {
            if (m.Tag is ReportTag tag && tag.Generation == generation)
                discoverers[tag.Index].Untold = tag.Requests;
        });
        Receive<ReportsTaken>(_ =>
        {
            foreach (var discoverer in discoverers.Where(static discoverer => !discoverer.Untold.IsEmpty))
                Report(discoverer, discoverer.Untold);
        });
        Receive<Configure>(m =>
        {
            next = m.Definition;
            End();
        });
        Receive<Stop>(_ =>
        {
            stopping = true;
            End();
        });
        Receive<Prepared>(m => Discard(m.Discoverers));
    }

    /// <summary>Waits for scans that were cancelled, so that the next configuration does not scan beside them.</summary>
    private void Ending()
    {
        Receive<ScanEnded>(m =>
        {
            if (m.Generation != generation)
                return;
            Over(discoverers[m.Index]);
            if (!discoverers.Any(static discoverer => discoverer.IsScanning))
                Ended();
        });
        Receive<GraceOver>(_ =>
        {
            log.Warning("a scan of plugin {PluginId} does not end although it was cancelled; it is left behind", definition!.Id.Value);
            Ended();
        });
        Receive<Configure>(m => next = m.Definition);
        Receive<Stop>(_ => stopping = true);
        ReceiveAny(_ => { });
    }

    // ---- configuration

    private void PrepareNew(PluginDefinition wanted)
    {
        unprepared = 0;
        Prepare(wanted);
    }

    private void Prepare(PluginDefinition wanted)
    {
        definition = wanted;
        generation++;
        Timers.Cancel(PrepareTimer);
        var (of, create) = (generation, settings.Discoverers);
        OnThread(() => Task.FromResult(Read(of, wanted, create))).PipeTo(Self, Self, success: static read => read, failure: e => new Prepared(of, [], null, Reason(e)));
        Become(Preparing);
    }

    private static Prepared Read(int generation, PluginDefinition wanted, Func<PluginConfiguration, ImmutableArray<IDiscoverer>> create)
    {
        var reading = PluginConfigurationReader.Read(wanted.Type, wanted.ConfigJson, strict: false);
        if (!reading.Succeeded)
            return new Prepared(generation, [], null, string.Join("; ", reading.Problems));
        var interval = TimeSpan.FromMinutes(reading.Value.Present[0].Configuration.ScanIntervalMinutes!.Value);
        try
        {
            return new Prepared(generation, create(reading.Value), interval, null);
        }
        catch (Exception failure)
        {
            return new Prepared(generation, [], interval, Reason(failure));
        }
    }

    /// <summary>A profile that is mounted later, a metadata service that does not answer while a machine starts: what is missing may come.</summary>
    private void OnUnprepared(Prepared told, string failure)
    {
        if (told.Interval is { } wait)
        {
            unprepared++;
            Timers.StartSingleTimer(PrepareTimer, PrepareAgain.Instance, ScanSchedule.Next(wait, unprepared, settings.Timing.FirstRetry, settings.Random()));
            if (unprepared == 1)
                log.Warning("plugin {PluginId} ({Name}, type {Type}) cannot begin: {Reason}; it is tried again", definition!.Id.Value, definition.Name, definition.Type, failure);
        }

        Say(told.Interval is null ? PluginStates.Failed : PluginStates.Waiting, failure);
        Become(Unconfigured);
    }

    private void Begin(ImmutableArray<IDiscoverer> made)
    {
        life = new CancellationTokenSource();
        discoverers = [.. made.Select(static (discoverer, i) => new RunningDiscoverer(i, discoverer))];
        log.Info("plugin {PluginId} ({Name}, type {Type}) runs with {Discoverers} discoverers, a scan each {Interval}", definition!.Id.Value, definition.Name, definition.Type, discoverers.Length, interval);
        foreach (var discoverer in discoverers)
        {
            ScanAfter(discoverer, settings.Timing.StartSpread * settings.Random());
            if (discoverer.Discoverer is IWatchingDiscoverer)
                Timers.StartSingleTimer(discoverer.WatchTimer, new WatchDue(discoverer.Index), TimeSpan.Zero);
        }

        Timers.StartPeriodicTimer(StallTimer, StallDue.Instance, settings.Timing.Stall / StallLooks);
        Say(PluginStates.Idle, "");
        Become(Running);
    }

    private void End()
    {
        Timers.CancelAll();
        life.Cancel();
        foreach (var discoverer in discoverers)
            discoverer.Cancellation?.Cancel();
        if (!discoverers.Any(static discoverer => discoverer.IsScanning))
        {
            Ended();
            return;
        }

        Timers.StartSingleTimer(GraceTimer, GraceOver.Instance, settings.Timing.CancelGrace);
        Become(Ending);
    }

    private void Ended()
    {
        Timers.CancelAll();
        Discard([.. discoverers.Select(static discoverer => discoverer.Discoverer)]);
        discoverers = [];
        if (stopping)
        {
            Context.Stop(Self);
            return;
        }

        var wanted = next ?? definition!;
        next = null;
        PrepareNew(wanted);
    }

    // ---- scans

    private void Scan(RunningDiscoverer discoverer, string requestId)
    {
        if (discoverer.IsScanning)
        {
            // One more after it: what changed may have been read already.
            discoverer.Again = true;
            discoverer.AgainRequestId = requestId.Length > 0 ? requestId : discoverer.AgainRequestId;
            return;
        }

        Timers.Cancel(discoverer.ScanTimer);
        (discoverer.Again, discoverer.AgainRequestId) = (false, "");
        (discoverer.StartedAt, discoverer.CancelledAt, discoverer.RequestId) = (Now, null, requestId);
        discoverer.Cancellation = CancellationTokenSource.CreateLinkedTokenSource(life.Token);
        discoverer.Progress = new ScanProgress();
        var (of, index, reads, progress, token) = (generation, discoverer.Index, discoverer.Discoverer, discoverer.Progress, discoverer.Cancellation.Token);
        OnThread(() => reads.DiscoverAsync(progress, token)).PipeTo(
            Self, Self, success: found => new ScanEnded(of, index, found, null), failure: e => new ScanEnded(of, index, null, e));
        SayWhole();
    }

    private void OnScanEnded(ScanEnded m)
    {
        if (m.Generation != generation)
            return;
        var discoverer = discoverers[m.Index];
        var stalled = discoverer.CancelledAt is not null;
        Over(discoverer);
        var failure = m.Found is not null ? null
            : stalled ? $"the scan made no progress for {settings.Timing.Stall.TotalMinutes:0.#} minutes and was cancelled"
            : Reason(m.Failure!);
        discoverer.EndedAt = Now;
        if (failure is null)
        {
            if (discoverer.Failures > 0)
                log.Info("plugin {PluginId}: {DiscoveryId} can be read again", definition!.Id.Value, discoverer.Discoverer.DiscoveryId);
            (discoverer.Failures, discoverer.Failure) = (0, "");
        }
        else
        {
            discoverer.Failures++;
            if (discoverer.Failure != failure)
                log.Warning("plugin {PluginId}: {DiscoveryId} could not be read: {Reason}", definition!.Id.Value, discoverer.Discoverer.DiscoveryId, failure);
            discoverer.Failure = failure;
        }

        Report(
            discoverer,
            ScanResult.Requests(
                definition!.Id, discoverer.Discoverer.DiscoveryId, discoverers.Select(static running => running.Discoverer.DiscoveryId), discoverer.RequestId,
                discoverer.StartedAt, Now, m.Found, failure));
        ScanAfter(discoverer, ScanSchedule.Next(interval, discoverer.Failures, settings.Timing.FirstRetry, settings.Random()));
        if (discoverer.Again)
            ScanSoon(discoverer);

        SayWhole();
    }

    private void ScanSoon(RunningDiscoverer discoverer)
    {
        if (discoverer.IsScanning)
        {
            discoverer.Again = true;
            return;
        }

        // A storm of changes must not become a storm of scans. A source that fails keeps more distance, but a change says that it is back.
        var wait = ScanSchedule.AfterChange(discoverer.EndedAt, discoverer.Failures, Now, settings.Timing);
        if (Now + wait < discoverer.DueAt)
            ScanAfter(discoverer, wait);
    }

    private void ScanAfter(RunningDiscoverer discoverer, TimeSpan wait)
    {
        discoverer.DueAt = Now + wait;
        Timers.StartSingleTimer(discoverer.ScanTimer, new ScanDue(discoverer.Index), wait);
    }

    private void LookForStalls()
    {
        foreach (var discoverer in discoverers.Where(static discoverer => discoverer.IsScanning))
        {
            if (discoverer.CancelledAt is { } cancelled)
            {
                if (Now - cancelled >= settings.Timing.CancelGrace)
                    Say(PluginStates.Failed, $"{discoverer.Discoverer.DiscoveryId}: the scan hangs and does not end although it was cancelled; it is not begun again until it does. Restart the replica if it never does");
            }
            else if (discoverer.Progress.IsStalled(Now, discoverer.StartedAt, settings.Timing.Stall))
            {
                discoverer.CancelledAt = Now;
                discoverer.Cancellation!.Cancel();
            }
        }
    }

    private static void Over(RunningDiscoverer discoverer)
    {
        discoverer.Cancellation?.Dispose();
        discoverer.Cancellation = null;
    }

    // ---- watches

    private void Watch(RunningDiscoverer discoverer)
    {
        discoverer.WatchedSince = Now;
        var (of, index, self, token, source) = (generation, discoverer.Index, Self, life.Token, (IWatchingDiscoverer)discoverer.Discoverer);
        OnThread(async () =>
        {
            await foreach (var _ in source.WatchAsync(token).ConfigureAwait(false))
                self.Tell(new Changed(of, index));
            return true;
        }).PipeTo(self, self, success: _ => new WatchEnded(of, index, null), failure: e => new WatchEnded(of, index, e));
    }

    private void OnWatchEnded(WatchEnded m)
    {
        if (m.Generation != generation)
            return;
        var discoverer = discoverers[m.Index];
        var isGood = Now - discoverer.WatchedSince >= settings.Timing.GoodWatch;
        discoverer.WatchFailures = (isGood ? 0 : discoverer.WatchFailures) + (isGood && m.Failure is null ? 0 : 1);
        if (discoverer.WatchFailures == 2)
        {
            log.Warning(
                "plugin {PluginId}: changes of {DiscoveryId} are not told: {Reason}; they show with the next scan", definition!.Id.Value, discoverer.Discoverer.DiscoveryId,
                m.Failure is null ? "each watch is ended at once" : Reason(m.Failure));
        }

        // The next watch goes on where this one ended; only what was lost with one that broke has to be looked for, and only once.
        if (discoverer.WatchFailures == 1)
            ScanSoon(discoverer);
        Timers.StartSingleTimer(
            discoverer.WatchTimer, new WatchDue(m.Index),
            discoverer.WatchFailures == 0 ? TimeSpan.Zero : ScanSchedule.NextWatch(discoverer.WatchFailures, settings.Timing, settings.Random()));
    }

    // ---- what others are told

    private void Report(RunningDiscoverer discoverer, ImmutableArray<Protocol.Control.Wire.ControlStreamRequest> requests)
    {
        discoverer.Untold = [];
        Context.Parent.Tell(new Report(new ReportTag(generation, discoverer.Index, requests), requests));
    }

    private void SayWhole()
    {
        if (discoverers.FirstOrDefault(static discoverer => discoverer.Failures > 0) is { } failed)
            Say(PluginStates.Waiting, $"{failed.Discoverer.DiscoveryId}: {failed.Failure}");
        else
            Say(discoverers.Any(static discoverer => discoverer.IsScanning) ? PluginStates.Scanning : PluginStates.Idle, "");
    }

    private void Say(string state, string reason)
    {
        reason = ResourceBounds.Text(reason);
        if (said == $"{state} {reason}")
            return;
        said = $"{state} {reason}";
        if (state == PluginStates.Failed)
            log.Error("plugin {PluginId} ({Name}, type {Type}): {Reason}", definition!.Id.Value, definition.Name, definition.Type, reason);
        Context.Parent.Tell(new DesiredStateProtocol.PluginStatusChanged(definition!.Id, state, reason));
    }

    private static string Reason(Exception failure)
    {
        var root = failure is AggregateException { InnerExceptions: [var only] } ? only : failure;
        return ResourceBounds.Text(root switch
        {
            DiscoveryException told => told.Message,
            OperationCanceledException => "it was cancelled",
            _ => $"it failed: {root.GetType().Name}: {root.Message}",
        });
    }

    private static Task<T> OnThread<T>(Func<Task<T>> work)
        => Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning | TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap();

    private static void Discard(ImmutableArray<IDiscoverer> unused)
        => _ = Task.Run(async () =>
        {
            foreach (var discoverer in unused)
                await discoverer.DisposeAsync().ConfigureAwait(false);
        });

    // ---- lifecycle

    protected override void PostRestart(Exception reason)
    {
        base.PostRestart(reason);
        Context.Parent.Tell(Restarted.Instance);
    }

    protected override void PostStop()
    {
        life.Cancel();
        Discard([.. discoverers.Select(static discoverer => discoverer.Discoverer)]);
    }

    // ---- messages

    internal sealed record Configure(PluginDefinition Definition) : INoSerializationVerificationNeeded;

    /// <summary>Ends what runs, then itself.</summary>
    internal sealed record Stop : INoSerializationVerificationNeeded
    {
        public static readonly Stop Instance = new();
    }

    /// <summary>To the parent: it has lost its configuration.</summary>
    internal sealed record Restarted : INoSerializationVerificationNeeded
    {
        public static readonly Restarted Instance = new();
    }

    /// <param name="Interval">Null: the configuration cannot work.</param>
    private sealed record Prepared(int Generation, ImmutableArray<IDiscoverer> Discoverers, TimeSpan? Interval, string? Failure) : INoSerializationVerificationNeeded;

    private sealed class PrepareAgain : INoSerializationVerificationNeeded
    {
        public static readonly PrepareAgain Instance = new();
    }

    private sealed record ScanDue(int Index) : INoSerializationVerificationNeeded;

    private sealed record ScanEnded(int Generation, int Index, Plugins.Discovery? Found, Exception? Failure) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record WatchDue(int Index) : INoSerializationVerificationNeeded;

    private sealed record Changed(int Generation, int Index) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record WatchEnded(int Generation, int Index, Exception? Failure) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record ReportTag(int Generation, int Index, ImmutableArray<Protocol.Control.Wire.ControlStreamRequest> Requests);

    private sealed class StallDue : INoSerializationVerificationNeeded
    {
        public static readonly StallDue Instance = new();
    }

    private sealed class GraceOver : INoSerializationVerificationNeeded
    {
        public static readonly GraceOver Instance = new();
    }
}
