using System.Net.Sockets;
using Akka.Actor;
using Akka.Event;
using Akka.Streams;
using Connector.Actors.Accounting;
using Connector.Actors.Health;
using Connector.Actors.Logs;
using Connector.Actors.Reach;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Ids;
using Connector.Protocol.Sockets;
using Connector.Relay.Frames;
using Connector.Relay.Limits;
using Connector.Relay.Memory;
using Connector.Relay.Streams;

namespace Connector.Actors.Sockets;

/// <summary>
/// One socket: authorises offered streams, dials their upstream, and owns the running streams through its own materializer. Stopping it ends
/// exactly these. Its parent owns the restart policy and the published state.
/// </summary>
internal sealed class SocketActor : ReceiveActor, IWithTimers
{
    private readonly SocketDependencies shared;
    private readonly SocketId id;
    private readonly ILoggingAdapter log = Context.GetLogger();

    // The edge writes the one record of a refused stream that the connector's log gets; this one is for whoever looks at the replica.
    private readonly ILoggingAdapter localLog = Logging.GetLogger(Context.System, LocalOnly.Category(typeof(SocketActor)));

    // Bounded by SocketLimits.MaxPendingDials.
    private readonly Dictionary<long, Pending> pending = [];
    private readonly FailureLogLimit failureLog = new(perWindow: 20, TimeSpan.FromSeconds(10));
    private readonly SocketAdmission admission;
    private readonly LiveStreams live = new();
    private readonly ByteRate rate;
    private SocketMemory? memory;
    private IMaterializer? materializer;
    private SocketDefinition definition;

    // The replica's for any socket, and those in force: with what the socket's configuration says.
    private SocketLimits ownLimits;
    private SocketLimits limits;
    private TimeSpan? sweeping;
    private PlainUpstream? upstream;
    private bool announces;
    private string notServing = "the socket is starting";
    private string stopReason = "the socket's actor stopped";
    private long lastAttempt;

    public SocketActor(SocketDefinition definition, SocketLimits limits, SocketDependencies shared)
    {
        this.definition = definition;
        this.shared = shared;
        id = definition.Id;
        (ownLimits, this.limits) = (limits, limits);
        rate = new ByteRate(shared.Time);
        admission = new SocketAdmission(limits, shared.Time.GetUtcNow());

        Receive<SocketProtocol.ApplyDefinition>(Apply);
        Receive<SocketProtocol.RetryDefinition>(_ => Resolve());
        Receive<SocketProtocol.Open>(open => Open(open.Offer));
        Receive<DialEnded>(Ended);
        Receive<StreamFinished>(Finished);
        Receive<SweepDue>(_ => Sweep());
        Receive<SocketProtocol.StopSocket>(stop =>
        {
            stopReason = stop.Reason;
            Context.Stop(Self);
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private TimeSpan Now => shared.Time.GetElapsedTime(0, shared.Time.GetTimestamp());

    public static Props Props(SocketDefinition definition, SocketLimits limits, SocketDependencies shared)
        => Akka.Actor.Props.Create(() => new SocketActor(definition, limits, shared));

    protected override void PreStart()
    {
        materializer = Context.Materializer();
        Resolve();
    }

    protected override void PostStop()
    {
        shared.UpstreamChecks?.Tell(new UpstreamCheckProtocol.Unwatch(id));

        // The materializer is a child of ours: its streams have ended by now.
        foreach (var offer in pending.Values)
        {
            offer.Attempt.Dispose();
            offer.Offer.Refuse(RefusalCode.Busy, $"socket {definition.Name} ({id}): {stopReason}");
        }

        pending.Clear();
        rate.Dispose();
    }

    private void Apply(SocketProtocol.ApplyDefinition apply)
    {
        definition = apply.Definition;
        ownLimits = apply.Limits;
        Resolve();
    }

    private void Resolve()
    {
        SocketUpstreamChoice choice;
        try
        {
            choice = shared.Resolver.Resolve(definition);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // Configuration that breaks its reader must cost this socket its new streams, not its running ones.
            choice = new SocketUpstreamChoice.Invalid($"its configuration could not be read: {e.Message}");
            log.Error(e, "reading the configuration of socket {SocketId} {SocketName} failed unexpectedly", id, definition.Name);
        }

        switch (choice)
        {
            case SocketUpstreamChoice.PlainRelay relay:
                upstream = relay.Upstream;
                announces = relay.Configuration.UpstreamProxyProtocol == UpstreamProxyProtocol.V2;
                shared.UpstreamChecks?.Tell(new UpstreamCheckProtocol.Watch(id, definition.Name, upstream, UpstreamCheck.Of(relay.Configuration)));
                notServing = "";
                Limit(relay.Configuration.Limits);
                Context.Parent.Tell(new SocketProtocol.StateChanged(SocketStates.Serving, "", upstream.ToString()));
                break;
            case SocketUpstreamChoice.Unsupported unsupported:
                DoNotServe(SocketStates.Unsupported, unsupported.Reason);
                break;
            case SocketUpstreamChoice.Invalid invalid:
                DoNotServe(SocketStates.Failed, invalid.Reason);
                break;
        }
    }

    /// <summary>In place: no stream ends by the change itself, and those that run are under the new limits.</summary>
    private void Limit(SocketLimitsConfiguration? configured)
    {
        limits = ownLimits.With(configured);
        admission.Change(limits);
        rate.Change(limits.BytesPerSecond);
        WatchLive();
    }

    /// <summary>One timer, while there are streams and a limit that they reach by doing nothing.</summary>
    private void WatchLive()
    {
        var wanted = live.Count > 0 ? LiveStreams.Interval(limits) : null;
        if (wanted == sweeping)
            return;
        sweeping = wanted;
        if (wanted is { } interval)
        {
            live.StartSweeping(Now);
            Timers.StartPeriodicTimer(SweepDue.Instance, SweepDue.Instance, interval);
        }
        else
        {
            Timers.Cancel(SweepDue.Instance);
        }
    }

    private void Sweep()
    {
        foreach (var reached in live.Sweep(limits, definition.Name, Now))
            reached.Stream.End(reached.Code, reached.Reason);
    }

    private void DoNotServe(string state, string reason)
    {
        upstream = null;
        shared.UpstreamChecks?.Tell(new UpstreamCheckProtocol.Unwatch(id));
        notServing = reason;
        Context.Parent.Tell(new SocketProtocol.StateChanged(state, reason, "-"));
    }

    private void Open(IStreamOffer offer)
    {
        if (upstream is null)
        {
            Refuse(offer, new SocketRefusal(RefusalCode.NoSocket, $"socket {definition.Name} ({id}) is not served by this replica: {notServing}"));
            return;
        }

        if (admission.TryAdmit(definition.Name, shared.Time.GetUtcNow()) is { } refusal)
        {
            Refuse(offer, refusal);
            return;
        }

        offer.Accept();
        var attempt = new DialAttempt<Socket>(++lastAttempt, offer.Abandoned);
        pending.Add(attempt.Number, new Pending(offer, attempt, upstream, Lamp.Now(shared.Time)));
        var number = attempt.Number;

        // The dialer is called from here, on this actor's thread: what it throws at once is this socket's crash and nobody else's.
        var dial = shared.Dialer.DialAsync(upstream, attempt.Token);
        if (announces)
            dial = UpstreamAnnouncement.SendAsync(dial, upstream, offer.ClientAddress, shared.Time, attempt.Token);
        ReplicaMetrics.MeasureAsync(WatchAsync(dial, attempt, upstream, shared.Settings.DialDeadline, shared.Time), shared.Time)
            .PipeTo(Self, success: outcome => new DialEnded(number, outcome, null), failure: e => new DialEnded(number, null, e));
    }

    /// <summary>What the dial brings goes to the attempt, not into the message; a dial that hangs is left behind at the deadline.</summary>
    private static async Task<DialOutcome> WatchAsync(
        Task<DialOutcome> dial, DialAttempt<Socket> attempt, PlainUpstream upstream, TimeSpan deadline, TimeProvider time)
    {
        var delivered = DeliverAsync(dial, attempt);
        try
        {
            return await delivered.WaitAsync(deadline, time, attempt.Token).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            return new DialOutcome.TimedOut($"upstream {upstream}: the dial did not end within {deadline.TotalSeconds:0.#} s");
        }
    }

    private static async Task<DialOutcome> DeliverAsync(Task<DialOutcome> dial, DialAttempt<Socket> attempt)
    {
        var outcome = await dial.ConfigureAwait(false);
        if (outcome is DialOutcome.Connected connected)
            attempt.Deliver(connected.Socket);
        return outcome;
    }

    private void Ended(DialEnded ended)
    {
        if (!pending.Remove(ended.Attempt, out var open))
            return;

        admission.DialEnded();
        var connection = open.Attempt.Take();
        if (connection is not null)
        {
            Begin(open, connection);
            return;
        }

        switch (ended.Outcome)
        {
            case null when ended.Failure is OperationCanceledException:
            case DialOutcome.Connected:
                // Taken back by the edge. No answer is due, and a client that goes away is not an error.
                open.Offer.Refuse(RefusalCode.Stale, "the stream was taken back");
                break;
            case null:
                log.Error(ended.Failure, "dialling {Upstream} for socket {SocketId} {SocketName} failed unexpectedly", open.Upstream, id, definition.Name);
                Refuse(open.Offer, new SocketRefusal(RefusalCode.Unreachable, $"upstream {open.Upstream}: the dial failed unexpectedly; the replica's log says more"));
                break;
            default:
                var refusal = SocketDecisions.Refusal(ended.Outcome);
                shared.UpstreamChecks?.Tell(new UpstreamCheckProtocol.DialFailed(id, open.Upstream, open.Dialled, refusal.Text));
                Refuse(open.Offer, refusal);
                break;
        }
    }

    private void Begin(Pending open, Socket connection)
    {
        // A socket that never had a stream takes no account.
        memory ??= shared.MemoryFor(id);
        var outcome = open.Offer.Run(connection, memory, rate, materializer!);
        if (outcome is null)
            return;

        shared.Streams?.Track(id, outcome);
        var number = open.Attempt.Number;
        live.Add(number, open.Offer, Now);
        WatchLive();
        admission.StreamBegan();
        TellLive();
        if (shared.UpstreamChecks is { } checks)
        {
            checks.Tell(new UpstreamCheckProtocol.StreamBegan(id, open.Upstream, open.Dialled, open.Offer));
            var ended = new UpstreamCheckProtocol.StreamEnded(id, open.Offer);
            outcome.PipeTo(checks, success: _ => ended, failure: _ => ended);
        }

        outcome.PipeTo(
            Self,
            success: end => new StreamFinished(number, open.Offer.Id, open.Offer.Client, open.Upstream, end),
            failure: e => new StreamFinished(number, open.Offer.Id, open.Offer.Client, open.Upstream, new StreamOutcome(StreamEnd.Failed, e.Message, 0, 0)));
    }

    private void Finished(StreamFinished finished)
    {
        var byLimit = live.Remove(finished.Attempt) is not null && finished.Outcome.End == StreamEnd.Stopped;
        WatchLive();
        admission.StreamEnded();
        TellLive();
        if (byLimit && MayWriteFailure())
        {
            log.Info(
                "stream {StreamId} of {Client} over socket {SocketId} {SocketName} to {Upstream} was ended: {Reason}",
                finished.StreamId, finished.Client, id, definition.Name, finished.Upstream, finished.Outcome.Reason);
        }

        if (SocketDecisions.IsFailure(finished.Outcome) && MayWriteFailure())
        {
            log.Warning(
                "stream {StreamId} of {Client} over socket {SocketId} {SocketName} to {Upstream} failed: {Reason}",
                finished.StreamId, finished.Client, id, definition.Name, finished.Upstream, finished.Outcome.Reason);
        }
    }

    private void Refuse(IStreamOffer offer, SocketRefusal refusal)
    {
        offer.Refuse(refusal.Code, refusal.Text);
        if (MayWriteFailure())
        {
            localLog.Warning(
                "stream {StreamId} of {Client} over socket {SocketId} {SocketName} to {Upstream} refused: {Reason}",
                offer.Id, offer.Client, id, definition.Name, upstream?.ToString() ?? "-", refusal.Text);
        }
    }

    private bool MayWriteFailure()
    {
        if (!failureLog.TryWrite(shared.Time.GetUtcNow(), out var suppressed))
            return false;
        if (suppressed > 0)
            log.Warning("socket {SocketId} {SocketName}: {Suppressed} records of refused or failed streams were left out", id, definition.Name, suppressed);
        return true;
    }

    private void TellLive() => Context.Parent.Tell(new SocketProtocol.LiveStreamsChanged(admission.Live));

    /// <param name="Dialled">By <see cref="Lamp.Now"/>.</param>
    private sealed record Pending(IStreamOffer Offer, DialAttempt<Socket> Attempt, PlainUpstream Upstream, TimeSpan Dialled);

    private sealed record DialEnded(long Attempt, DialOutcome? Outcome, Exception? Failure) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record StreamFinished(long Attempt, uint StreamId, string Client, PlainUpstream Upstream, StreamOutcome Outcome)
        : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record SweepDue : IDeadLetterSuppression
    {
        public static readonly SweepDue Instance = new();
    }
}
