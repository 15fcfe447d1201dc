
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Links;
using Connector.Actors.Logs;
using Connector.Actors.Sockets;
using Connector.Actors.Sockets.Checks;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using static Connector.Actors.Control.ControlSessionMessages;
using static Connector.Actors.Control.ControlSessionProtocol;

namespace Connector.Actors.Control;

/// <summary>
/// Holds the one control stream. Waiting → Connecting → Claiming → Online; each failure leads back to Waiting, the end of all to Stopped.
/// Every asynchronous result carries the number of its attempt; what belongs to an earlier one is dropped.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class ControlSessionActor : ReceiveActor, IWithTimers
{
    public static Props Props(
        ControlSessionSettings settings, IControlTransport transport, ControlSessionPeers peers, TimeProvider time, Func<double> random)
        => Akka.Actor.Props.Create(() => new ControlSessionActor(settings, transport, peers, time, random));

    private const string RetryTimer = "retry";
    private const string DeadlineTimer = "deadline";
    private const string HeartbeatTimer = "heartbeat";
    private const string ReportTimer = "report";
    private const string RefreshTimer = "refresh";
    private static readonly TimeSpan HeardStep = TimeSpan.FromSeconds(1);

    private readonly ILoggingAdapter log = Context.GetLogger();

    private readonly ControlSessionSettings settings;
    private readonly IControlTransport transport;
    private readonly ControlSessionPeers peers;
    private readonly TimeProvider time;
    private readonly ReconnectSchedule schedule;
    private readonly ControlFailureLog failures;
    private readonly ReplicaReports reports;
    private readonly AppliedConfig applied;

    private int attempt;

    // Null between two attempts. Compared by reference: a restarted actor counts from 1 again while results of its predecessor still arrive.
    private AttemptTag? current;
    private CancellationTokenSource attemptCancellation = new();
    private IControlConnection? connection;
    private ConfigOrder order = ConfigOrder.Start;
    private TimeSpan heartbeatInterval;
    private TimeSpan heard = TimeSpan.MinValue;
    private bool accepted;
    private bool configured;
    private bool online;

    private IActorRef? closer;
    private ControlSessionStatusChanged status;
    private bool announced;
    private bool restarted;

    public ControlSessionActor(
        ControlSessionSettings settings, IControlTransport transport, ControlSessionPeers peers, TimeProvider time, Func<double> random)
    {
        this.settings = settings;
        this.transport = transport;
        this.peers = peers;
        this.time = time;
        schedule = new ReconnectSchedule(random);
        failures = new ControlFailureLog(log, Logging.GetLogger(Context.System, LocalOnly.Category(typeof(ControlSessionActor))));
        reports = new ReplicaReports(settings.ReplicaId);
        applied = new AppliedConfig(settings.ReplicaId);
        status = new ControlSessionStatusChanged(ControlSessionState.Connecting, "starting", new SessionEpoch(0), time.GetUtcNow());
        Waiting();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool KnowsOurFeatures => connection is { Nonce.Length: > 0 };

    // ---- behaviours

    private void Waiting()
    {
        Receive<Retry>(_ => Connect());
        Receive<Opened>(m => ControlConnectionEnd.Discard(m.Connection));
        ReceiveAlways();
    }

    private void Connecting()
    {
        Receive<Opened>(m =>
        {
            if (IsCurrent(m.Of))
                Claim(m.Connection);
            else
                ControlConnectionEnd.Discard(m.Connection);
        });
        Receive<Failed>(OnFailed);
        Receive<DeadlinePassed>(OnDeadline);
        ReceiveAlways();
    }

    private void Claiming()
    {
        ReceiveStream();
        Receive<DeadlinePassed>(OnDeadline);
        ReceiveAlways();
    }

    private void Online()
    {
        ReceiveStream();
        Receive<ShipLogBatch>(m =>
        {
            if (m.Attempt == attempt && KnowsOurFeatures)
                Send(new ControlStreamRequest { Logs = m.Batch });
        });
        ReceiveAlways();
    }

    private void Stopped()
    {
        Receive<Opened>(m => ControlConnectionEnd.Discard(m.Connection));
        Receive<CloseSession>(_ => Sender.Tell(SessionClosed.Instance));
        Receive<Closed>(_ => AnswerCloser());
        ReceiveAny(_ => { });
    }

    // Claiming and Online differ in what is sent; what the server sends is handled in order in both.
    private void ReceiveStream()
    {
        Receive<Opened>(m => ControlConnectionEnd.Discard(m.Connection));
        Receive<Received>(m =>
        {
            if (!IsCurrent(m.Of))
                return;
            if (m.Message is null)
            {
                Fail(new ControlFailure(ControlFailureKind.Ended, "the control plane closed the stream"));
                return;
            }

            Heard();
            Handle(m.Message);

            // Handling may have ended the attempt.
            if (IsCurrent(m.Of) && connection is not null)
                ReceiveNext();
        });
        Receive<Failed>(OnFailed);
        Receive<Heartbeat>(_ => Send(new ControlStreamRequest { Heartbeat = new Protocol.Control.Wire.Common.HeartbeatMessage() }));
        Receive<DesiredStateProtocol.DesiredStateApplied>(OnApplied);
        Receive<ReportDue>(_ => Report());
        Receive<RefreshDue>(_ =>
        {
            if (online && KnowsOurFeatures)
                Send(reports.Refresh(Health.Lamp.Now(time)));
        });
    }

    private void ReceiveAlways()
    {
        Receive<SocketSupervisorProtocol.SocketStatusChanged>(m =>
        {
            reports.Add(m);
            ReportSoon();
        });
        Receive<SocketSupervisorProtocol.SocketStatuses>(m =>
        {
            foreach (var socket in m.Sockets)
                reports.Add(socket);
            ReportSoon();
        });
        Receive<DesiredStateProtocol.PluginStatusChanged>(m =>
        {
            reports.Add(m);
            ReportSoon();
        });
        Receive<UpstreamCheckProtocol.UpstreamLampsChanged>(m =>
        {
            if (reports.Add(m))
                ReportSoon();
        });
        Receive<LinkPath>(m =>
        {
            if (reports.Add(m))
                ReportSoon();
        });
        Receive<CloseSession>(_ => Close());

        // Of attempts that are over.
        Receive<Received>(_ => { });
        Receive<Failed>(_ => { });
        Receive<ShipLogBatch>(_ => { });
        Receive<DesiredStateProtocol.DesiredStateApplied>(_ => { });
        Receive<DeadlinePassed>(_ => { });
        Receive<Heartbeat>(_ => { });
        Receive<ReportDue>(_ => { });
        Receive<RefreshDue>(_ => { });
    }

    // ---- opening and claiming

    private void Connect()
    {
        current = new AttemptTag(++attempt);
        attemptCancellation = new CancellationTokenSource();
        order = ConfigOrder.Start;
        accepted = false;
        configured = false;
        applied.NewStream();
        log.Debug("connecting to the control plane, attempt {Attempt}", attempt);
        StartDeadline(settings.OpenDeadline, "the control plane did not answer");

        var of = current!;
        Open(transport, attempt, attemptCancellation.Token).PipeTo(
            Self,
            Self,
            success: opened => new Opened(of, opened),
            failure: e => new Failed(of, ControlFailure.Of(e)));
        Become(Connecting);
    }

    private static async Task<IControlConnection> Open(IControlTransport transport, int attempt, CancellationToken cancellationToken)
        => await transport.OpenAsync(attempt, cancellationToken).ConfigureAwait(false);

    private void Claim(IControlConnection opened)
    {
        connection = opened;
        heartbeatInterval = settings.HeartbeatInterval;
        Timers.StartPeriodicTimer(HeartbeatTimer, Heartbeat.Instance, heartbeatInterval);
        Become(Claiming);

        if (KnowsOurFeatures)
        {
            Send(new ControlStreamRequest { Hello = settings.Key.Sign(opened.Nonce.Span, HelloWriter.Write(settings, applied.Held, time.GetUtcNow())) });
            StartDeadline(settings.HelloAckDeadline, "the control plane did not answer the claim");
        }
        else
        {
            StartDeadline(settings.InitDeadline, "the control plane did not send the configuration");
        }

        Send(new ControlStreamRequest { Metadata = settings.Metadata.ToWire(TimeSpan.FromMilliseconds(Environment.TickCount64)) });
        if (connection is not null)
            ReceiveNext();
    }

    // ---- what the server sends

    private void Handle(ControlStreamResponse message)
    {
        switch (message.RequestTypeCase)
        {
            case ControlStreamResponse.RequestTypeOneofCase.HelloAck:
                OnAccepted(message.HelloAck);
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Init:
                order = order.AfterInit(message.Init.ConfigVersion);
                SetHeartbeat(message.Init.ConnectorConfig?.HeartbeatInterval ?? 0);
                peers.State.Tell(new DesiredStateProtocol.ApplyInit(attempt, message.Init));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.UpdateConfig:
                OnUpdate(message.UpdateConfig);
                break;
            case ControlStreamResponse.RequestTypeOneofCase.ConnectorConfig:
                SetHeartbeat(message.ConnectorConfig.HeartbeatInterval);
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Challenge:
                // At once: the server waits for a second before it takes us for dead.
                Send(new ControlStreamRequest { ChallengeAnswer = new ChallengeAnswer { Nonce = message.Challenge.Nonce } });
                break;
            case ControlStreamResponse.RequestTypeOneofCase.LogsAck:
                if (message.LogsAck.ReplicaId.Length == 0 || message.LogsAck.ReplicaId == settings.ReplicaId.Value)
                    peers.Logs.Tell(new LogShipperProtocol.BatchAcknowledged(message.LogsAck.Sequence));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Tickets:
                foreach (var ticket in message.Tickets.Tickets_.Where(t => t.ReplicaId == settings.ReplicaId.Value))
                    peers.Links.Tell(new LinkSupervisorProtocol.ApplyTicket(ticket.Ticket));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Edges:
                peers.Links.Tell(EdgesReader.Read(message.Edges));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Stop:
                StopForGood($"stopped by the control plane{Because(message.Stop.Reason)}", deleted: false);
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Disconnect:
                Fail(new ControlFailure(ControlFailureKind.Ended, $"the control plane asked to reconnect{Because(message.Disconnect.Reason)}"));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Heartbeat:
                break;
            default:
                // A newer server: what we do not know we may ignore.
                log.Debug("the control plane sent {Message}, which this version does not know", message.RequestTypeCase);
                break;
        }
    }

    private void OnAccepted(HelloAck acknowledged)
    {
        if (accepted)
            return;
        accepted = true;
        status = status with { Epoch = new SessionEpoch(acknowledged.Epoch) };
        StartDeadline(settings.InitDeadline, "the control plane accepted the claim but its configuration was not applied");
        GoOnline();
    }

    private void OnUpdate(UpdateConfig update)
    {
        switch (order.OnUpdate(update.ConfigVersion, out order, out var reason))
        {
            case ConfigVerdict.Apply:
                peers.State.Tell(new DesiredStateProtocol.ApplyUpdate(attempt, update));
                break;
            case ConfigVerdict.Reconnect:
                Fail(new ControlFailure(ControlFailureKind.OutOfOrder, reason));
                break;
        }
    }

    private void OnApplied(DesiredStateProtocol.DesiredStateApplied m)
    {
        if (m.Attempt != attempt || connection is null)
            return;
        applied.Add(m.Version);
        configured = true;
        if (online)
            ReportSoon();
        else
            GoOnline();
    }

    // A peer with our features has to answer the claim as well.
    private void GoOnline()
    {
        if (online || !configured || (KnowsOurFeatures && !accepted))
            return;
        online = true;
        Timers.Cancel(DeadlineTimer);
        schedule.Reset();
        failures.Over();
        Become(Online);
        SetStatus(ControlSessionState.Online, "");
        log.Info("control session open, epoch {Epoch}, configuration {Version}", status.Epoch, applied.Held);
        reports.EverythingAgain();
        ReportSoon();
        if (KnowsOurFeatures)
            Timers.StartPeriodicTimer(RefreshTimer, RefreshDue.Instance, settings.RefreshInterval);
        if (KnowsOurFeatures)
            peers.Logs.Tell(new LogShipperProtocol.SessionOpened(attempt));
    }

    private void Heard()
    {
        var now = Health.Lamp.Now(time);
        if (heard != TimeSpan.MinValue && now - heard < HeardStep)
            return;
        heard = now;
        Context.System.EventStream.Publish(new ControlPlaneHeard(now, 3 * heartbeatInterval));
    }

    private void SetHeartbeat(int seconds)
    {
        if (seconds is < 1 or > 3600 || heartbeatInterval == TimeSpan.FromSeconds(seconds))
            return;
        heartbeatInterval = TimeSpan.FromSeconds(seconds);
        Timers.StartPeriodicTimer(HeartbeatTimer, Heartbeat.Instance, heartbeatInterval);
    }

    // ---- reports

    // At once when the last one is long enough ago, else when it is.
    private void ReportSoon()
    {
        if (online && KnowsOurFeatures && !Timers.IsTimerActive(ReportTimer))
            Report();
    }

    private void Report()
    {
        if (!online || !KnowsOurFeatures)
            return;
        var messages = reports.Take(Health.Lamp.Now(time));
        if (applied.Take() is { } report)
            messages.Add(report);
        if (messages.Count == 0)
            return;
        Timers.StartSingleTimer(ReportTimer, ReportDue.Instance, settings.ReportInterval);
        foreach (var message in messages)
            Send(message);
    }

    // ---- the stream

    private void Send(ControlStreamRequest message)
    {
        if (connection is not null && !connection.TrySend(message))
            Fail(new ControlFailure(ControlFailureKind.Unreachable, "the control plane does not read what it is sent"));
    }

    private void ReceiveNext()
    {
        var of = current!;
        connection!.ReceiveAsync(attemptCancellation.Token).PipeTo(
            Self,
            Self,
            success: message => new Received(of, message),
            failure: e => new Failed(of, ControlFailure.Of(e)));
    }

    // ---- ends

    private void OnFailed(Failed m)
    {
        if (!IsCurrent(m.Of))
            return;
        if (m.Failure.Kind == ControlFailureKind.Deleted)
            StopForGood("the connector was deleted at the control plane", deleted: true);
        else
            Fail(m.Failure);
    }

    private void OnDeadline(DeadlinePassed m)
    {
        if (IsCurrent(m.Of))
            Fail(new ControlFailure(ControlFailureKind.Unreachable, m.Reason));
    }

    private void Fail(ControlFailure failure)
    {
        EndAttempt();

        // The timer before the announcement: who hears that we wait may rely on it that we do.
        Timers.StartSingleTimer(RetryTimer, Retry.Instance, schedule.Next(failure));
        SetStatus(
            failure.State,
            failure.Reason);
        failures.Log(failure, schedule.Failures);
        Become(Waiting);
    }

    private void StopForGood(string reason, bool deleted)
    {
        EndAttempt();
        SetStatus(ControlSessionState.Stopped, reason);
        log.Warning("control session ended for good: {Reason}", reason);
        Context.System.EventStream.Publish(new ControlSessionStopped(reason, deleted));
        Timers.CancelAll();
        Become(Stopped);
    }

    private void Close()
    {
        closer = Sender;
        Timers.CancelAll();
        var ending = connection;
        connection = null;
        online = false;
        SetStatus(ControlSessionState.Stopped, "this replica is shutting down");
        Become(Stopped);
        if (ending is null)
        {
            attemptCancellation.Cancel();
            AnswerCloser();
            return;
        }

        var deadline = settings.CloseDeadline;
        ControlConnectionEnd.CloseAsync(ending, deadline, time).PipeTo(Self, Self, success: () => Closed.Instance, failure: _ => Closed.Instance);
    }

    private void AnswerCloser()
    {
        closer?.Tell(SessionClosed.Instance);
        closer = null;
    }

    private void EndAttempt()
    {
        Timers.Cancel(DeadlineTimer);
        Timers.Cancel(HeartbeatTimer);
        Timers.Cancel(ReportTimer);
        Timers.Cancel(RefreshTimer);
        attemptCancellation.Cancel();
        if (connection is not null)
        {
            ControlConnectionEnd.Discard(connection);
            connection = null;
        }

        if (online)
            peers.Logs.Tell(new LogShipperProtocol.SessionLost(attempt));
        online = false;

        // From here on whatever this attempt still delivers is stale.
        current = null;
    }

    private void StartDeadline(TimeSpan after, string reason)
        => Timers.StartSingleTimer(
            DeadlineTimer,
            new DeadlinePassed(current, string.Create(CultureInfo.InvariantCulture, $"{reason} within {after.TotalSeconds:0.#} s")),
            after);

    private bool IsCurrent(AttemptTag? of) => of is not null && ReferenceEquals(of, current);

    private void SetStatus(ControlSessionState state, string reason)
    {
        if (announced && status.State == state && status.Reason == reason)
            return;
        announced = true;
        var since = status.State == state ? status.Since : time.GetUtcNow();
        status = status with { State = state, Reason = reason, Since = since };
        Context.System.EventStream.Publish(status);
    }

    private static string Because(string reason) => reason.Length == 0 ? "" : $": {(reason.Length > 512 ? reason[..512] : reason)}";

    // ---- lifecycle

    protected override void PreStart()
    {
        SetStatus(ControlSessionState.Connecting, "starting");
        var events = Context.System.EventStream;
        events.Subscribe(Self, typeof(SocketSupervisorProtocol.SocketStatusChanged));
        events.Subscribe(Self, typeof(DesiredStateProtocol.PluginStatusChanged));
        events.Subscribe(Self, typeof(UpstreamCheckProtocol.UpstreamLampsChanged));
        events.Subscribe(Self, typeof(LinkPath));
        peers.Sockets.Tell(SocketSupervisorProtocol.GetSocketStatuses.Instance);
        peers.Sockets.Tell(UpstreamCheckProtocol.GetUpstreamLamps.Instance);
        if (restarted)
            Timers.StartSingleTimer(RetryTimer, Retry.Instance, schedule.Next(new ControlFailure(ControlFailureKind.Ended, "restarted")));
        else
            Connect();
    }

    // A defect that shows with every connection must not become a storm of them.
    protected override void PostRestart(Exception reason)
    {
        restarted = true;
        base.PostRestart(reason);
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        attemptCancellation.Cancel();
        if (connection is not null)
            ControlConnectionEnd.Discard(connection);
    }
}
