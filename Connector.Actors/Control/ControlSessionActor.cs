
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Logs;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using static Connector.Actors.Control.ControlSessionMessages;
using static Connector.Actors.Control.ControlSessionProtocol;
using static Connector.Actors.Control.ReplicaAgentProtocol;

namespace Connector.Actors.Control;

/// <summary>
/// Holds the one control stream for the agents of all replicas: what the control plane pushes goes to each of them, what they say goes out. Expecting → Connecting →
/// Claiming → Online; each failure leads to Waiting and from there to Connecting, the end of all to Stopped. Every asynchronous result carries its attempt; what belongs to an earlier one is
/// dropped.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class ControlSessionActor : ReceiveActor, IWithTimers
{
    public static Props Props(
        ControlSessionSettings settings, IControlTransport transport, GroupBootId? groupBootId, TimeProvider time, Func<double> random)
        => Akka.Actor.Props.Create(() => new ControlSessionActor(settings, transport, groupBootId, time, random));

    private const string RetryTimer = "retry";
    private const string DeadlineTimer = "deadline";
    private const string HeartbeatTimer = "heartbeat";
    private const string MembersTimer = "members";
    private const string AgentTimer = "agent";
    private const string ShowUpTimer = "show-up";
    private static readonly TimeSpan ShowUpInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan HeardStep = TimeSpan.FromSeconds(1);

    // An agent is forgotten when it was silent for so many of its intervals.
    private const int SilentIntervals = 4;
    private static readonly TimeSpan MembersInterval = TimeSpan.FromSeconds(15);
    private const int LargestRequest = 4 * 1024 * 1024;

    private readonly ILoggingAdapter log = Context.GetLogger();

    private readonly ControlSessionSettings settings;
    private readonly IControlTransport transport;
    private readonly GroupBootId? groupBootId;
    private readonly TimeProvider time;
    private readonly ReconnectSchedule schedule;
    private readonly ControlFailureLog failures;
    private readonly ConnectedAgents agents;
    private readonly Dictionary<string, string> tickets = new(StringComparer.Ordinal);
    private DesiredStateVersion held = DesiredStateVersion.None;
    private DesiredStateImage? image;
    private byte[]? edges;
    private long sequence;

    private int attempt;

    // Null between two attempts. Compared by reference: a restarted actor counts from 1 again while results of its predecessor still arrive.
    private AttemptTag? current;
    private CancellationTokenSource attemptCancellation = new();
    private IControlConnection? connection;
    private IControlConnection? closing;
    private ConfigOrder order = ConfigOrder.Start;
    private TimeSpan heartbeatInterval;
    private TimeSpan heard = TimeSpan.MinValue;
    private bool accepted;
    private bool configured;
    private bool online;

    private IActorRef? closer;
    private bool leaving;
    private SessionEnded? final;
    private ControlSessionStatusChanged status;
    private bool announced;
    private bool restarted;

    public ControlSessionActor(
        ControlSessionSettings settings, IControlTransport transport, GroupBootId? groupBootId, TimeProvider time, Func<double> random)
    {
        this.settings = settings;
        this.transport = transport;
        this.groupBootId = groupBootId;
        this.time = time;
        schedule = new ReconnectSchedule(random);
        failures = new ControlFailureLog(log, Logging.GetLogger(Context.System, LocalOnly.Category(typeof(ControlSessionActor))));
        agents = new ConnectedAgents(settings.ReplicaId);
        status = new ControlSessionStatusChanged(ControlSessionState.Connecting, "starting", new SessionEpoch(0), time.GetUtcNow());
        Waiting();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private bool KnowsOurFeatures => connection is { Nonce.Length: > 0 };

    // ---- behaviours

    // Hello names what this replica holds, and only its agent knows that.
    private void Expecting()
    {
        Receive<AgentHere>(m =>
        {
            OnAgent(m);
            if (m.ReplicaId == settings.ReplicaId.Value)
                Connect();
        });
        Receive<AgentDue>(_ =>
        {
            log.Warning(
                "this replica did not say within {Seconds} s what it holds: the control session is opened as if that were {Version}",
                settings.AgentDeadline.TotalSeconds, held);
            Connect();
        });

        // What an agent says before the way here is known to its bridge is lost.
        Receive<ShowUpDue>(_ => Context.System.EventStream.Publish(Group.GroupProtocol.SessionBegan.Instance));
        ReceiveAlways();
    }

    private void Waiting()
    {
        Receive<Retry>(_ =>
        {
            if (attempt == 0 && agents.Find(settings.ReplicaId.Value) is null)
                Expect();
            else
                Connect();
        });
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
        Receive<AgentRequest>(OnRequest);
        ReceiveAlways();
    }

    private void Stopped()
    {
        Receive<Opened>(m => ControlConnectionEnd.Discard(m.Connection));
        Receive<CloseSession>(_ => Sender.Tell(SessionClosed.Instance));
        Receive<LeaveSession>(_ =>
        {
            leaving = true;
            if (connection is null && closing is null)
                Context.Stop(Self);
        });
        Receive<AgentHere>(_ =>
        {
            Sender.Tell(News);
            if (final is not null)
                Sender.Tell(final);
        });
        Receive<Closed>(_ =>
        {
            closing = null;
            AnswerCloser();
            if (leaving)
                Context.Stop(Self);
        });
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
        Receive<AgentApplied>(OnApplied);
        Receive<AskWhole>(m =>
        {
            if (m.Session == SessionKey && image is { } known)
                Tell(Sender, WholeParts.Cut(SessionKey, sequence, known.Whole()));
        });
    }

    private void ReceiveAlways()
    {
        Receive<AgentHere>(OnAgent);
        Receive<MembersDue>(_ =>
        {
            agents.ForgetSilent(time.GetUtcNow() - SilentIntervals * settings.AgentInterval);
            ReportMembers();
        });
        Receive<LeaveSession>(_ =>
        {
            leaving = true;
            Close();
        });
        Receive<CloseSession>(_ =>
        {
            closer = Sender;
            Close();
        });

        // Of attempts that are over.
        Receive<Received>(_ => { });
        Receive<Failed>(_ => { });
        Receive<AgentRequest>(_ => { });
        Receive<AgentApplied>(_ => { });
        Receive<AskWhole>(_ => { });
        Receive<DeadlinePassed>(_ => { });
        Receive<Heartbeat>(_ => { });
    }

    // ---- agents

    private void OnAgent(AgentHere here)
    {
        var isNew = agents.Heard(here, Sender, time.GetUtcNow());
        if (here.ReplicaId == settings.ReplicaId.Value && held == DesiredStateVersion.None)
            held = new DesiredStateVersion(here.HeldIncarnation, here.HeldNumber);
        if (!isNew)
            return;
        Welcome(here.ReplicaId, Sender);
        ReportMembers();
    }

    /// <summary>All that others were told one after the other.</summary>
    private void Welcome(string replicaId, IActorRef agent)
    {
        agent.Tell(News);
        if (image is { } known)
            Tell(agent, WholeParts.Cut(SessionKey, sequence, known.Whole()));
        if (edges is { } set)
            agent.Tell(new PushEdges(set));
        if (tickets.TryGetValue(replicaId, out var ticket))
            agent.Tell(new PushTicket(ticket));
        if (online && KnowsOurFeatures)
            agent.Tell(new SessionOpen(SessionKey));
    }

    private void OnRequest(AgentRequest m)
    {
        if (m.Session != SessionKey || !KnowsOurFeatures || m.Request.Length > LargestRequest || !agents.Speaks(m.ReplicaId, Sender))
            return;

        // Of each replica only what it says of itself.
        var request = ControlStreamRequest.Parser.ParseFrom(m.Request);
        var of = request.RequestTypeCase switch
        {
            ControlStreamRequest.RequestTypeOneofCase.SocketStatus => request.SocketStatus.ReplicaId,
            ControlStreamRequest.RequestTypeOneofCase.PluginStatus => request.PluginStatus.ReplicaId,
            ControlStreamRequest.RequestTypeOneofCase.ConfigApplied => request.ConfigApplied.ReplicaId,
            ControlStreamRequest.RequestTypeOneofCase.Logs => request.Logs.ReplicaId,

            // Of the whole connector.
            ControlStreamRequest.RequestTypeOneofCase.PluginDiscoveryResults or ControlStreamRequest.RequestTypeOneofCase.ResourcesDialed => m.ReplicaId,
            _ => null,
        };
        if (of == m.ReplicaId)
            Send(request);
    }

    private void ReportMembers()
    {
        if (groupBootId is null || !online || !KnowsOurFeatures)
            return;
        Timers.StartPeriodicTimer(MembersTimer, MembersDue.Instance, MembersInterval);
        Send(agents.Report());
    }

    private void TellAll(object message)
    {
        foreach (var agent in agents.All)
            agent.Tell(message);
    }

    private static void Tell(IActorRef agent, IEnumerable<object> messages)
    {
        foreach (var message in messages)
            agent.Tell(message);
    }

    private SessionNews News => new(status.State.ToString(), status.Reason, status.Epoch.Value, status.Since);

    private Guid SessionKey => current?.Session ?? Guid.Empty;

    // ---- opening and claiming

    private void Expect()
    {
        Timers.StartSingleTimer(AgentTimer, AgentDue.Instance, settings.AgentDeadline);
        Timers.StartPeriodicTimer(ShowUpTimer, ShowUpDue.Instance, ShowUpInterval);
        Become(Expecting);
    }

    private void Connect()
    {
        Timers.Cancel(AgentTimer);
        Timers.Cancel(ShowUpTimer);
        current = new AttemptTag(++attempt, Guid.NewGuid());
        attemptCancellation = new CancellationTokenSource();
        order = ConfigOrder.Start;
        accepted = false;
        configured = false;
        image = null;
        sequence = -1;
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
            Send(new ControlStreamRequest { Hello = settings.Key.Sign(opened.Nonce.Span, HelloWriter.Write(settings, groupBootId, agents.Others, held, time.GetUtcNow())) });
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
                image = new DesiredStateImage(message.Init);
                sequence = 0;
                foreach (var agent in agents.All)
                    Tell(agent, WholeParts.Cut(SessionKey, sequence, message.Init));
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
                agents.Find(message.LogsAck.ReplicaId.Length == 0 ? settings.ReplicaId.Value : message.LogsAck.ReplicaId)
                    ?.Tell(new LogsStored(message.LogsAck.Sequence));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Discover:
                // Discovery runs where the session is.
                agents.Find(settings.ReplicaId.Value)?.Tell(new PushDiscover(message.Discover.Id, message.Discover.RequestId));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.DialResources:
                agents.Find(settings.ReplicaId.Value)?.Tell(new PushDial(message.DialResources.ToByteArray()));
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Tickets:
                foreach (var ticket in message.Tickets.Tickets_.Take(ConnectedAgents.Most))
                    OnTicket(ticket);
                break;
            case ControlStreamResponse.RequestTypeOneofCase.Edges:
                edges = message.Edges.ToByteArray();
                TellAll(new PushEdges(edges));
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

    private void OnTicket(ReplicaTicket ticket)
    {
        if (tickets.Count >= ConnectedAgents.Most && !tickets.ContainsKey(ticket.ReplicaId))
            tickets.Clear();
        tickets[ticket.ReplicaId] = ticket.Ticket;
        agents.Find(ticket.ReplicaId)?.Tell(new PushTicket(ticket.Ticket));
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
                image?.Apply(update);
                TellAll(new PushUpdate(SessionKey, ++sequence, update.ToByteArray()));
                break;
            case ConfigVerdict.Reconnect:
                Fail(new ControlFailure(ControlFailureKind.OutOfOrder, reason));
                break;
        }
    }

    // This replica's own agent stands for all: the others get the same, and ask when they miss something.
    private void OnApplied(AgentApplied m)
    {
        if (m.Session != SessionKey || connection is null || m.ReplicaId != settings.ReplicaId.Value)
            return;
        held = new DesiredStateVersion(m.Incarnation, m.Number);
        configured = true;
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
        log.Info("control session open, epoch {Epoch}, configuration {Version}", status.Epoch, held);
        if (KnowsOurFeatures)
            TellAll(new SessionOpen(SessionKey));
        ReportMembers();
    }

    private void Heard()
    {
        var now = Health.Lamp.Now(time);
        if (heard != TimeSpan.MinValue && now - heard < HeardStep)
            return;
        heard = now;
        TellAll(new SessionHeard(SessionKey, 3 * heartbeatInterval, sequence));
    }

    private void SetHeartbeat(int seconds)
    {
        if (seconds is < 1 or > 3600 || heartbeatInterval == TimeSpan.FromSeconds(seconds))
            return;
        heartbeatInterval = TimeSpan.FromSeconds(seconds);
        Timers.StartPeriodicTimer(HeartbeatTimer, Heartbeat.Instance, heartbeatInterval);
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
        final = new SessionEnded(reason, deleted);
        TellAll(final);
        Timers.CancelAll();
        Become(Stopped);
    }

    private void Close()
    {
        Timers.CancelAll();
        closing = connection;
        connection = null;
        if (online)
            TellAll(new ReplicaAgentProtocol.SessionLost(SessionKey));
        online = false;
        SetStatus(ControlSessionState.Stopped, leaving ? "this replica leaves the group" : "this replica is shutting down");
        Become(Stopped);
        if (closing is null)
        {
            attemptCancellation.Cancel();
            AnswerCloser();
            if (leaving)
                Context.Stop(Self);
            return;
        }

        var deadline = settings.CloseDeadline;
        ControlConnectionEnd.CloseAsync(closing, deadline, time).PipeTo(Self, Self, success: () => Closed.Instance, failure: _ => Closed.Instance);
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
        Timers.Cancel(MembersTimer);
        attemptCancellation.Cancel();
        if (connection is not null)
        {
            ControlConnectionEnd.Discard(connection);
            connection = null;
        }

        if (online)
            TellAll(new ReplicaAgentProtocol.SessionLost(SessionKey));
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
        TellAll(News);
    }

    private static string Because(string reason) => reason.Length == 0 ? "" : $": {(reason.Length > 512 ? reason[..512] : reason)}";

    // ---- lifecycle

    protected override void PreStart()
    {
        SetStatus(ControlSessionState.Connecting, "starting");
        Context.System.EventStream.Publish(Group.GroupProtocol.SessionBegan.Instance);
        if (restarted)
            Timers.StartSingleTimer(RetryTimer, Retry.Instance, schedule.Next(new ControlFailure(ControlFailureKind.Ended, "restarted")));
        else
            Expect();
    }

    // A defect that shows with every connection must not become a storm of them.
    protected override void PostRestart(Exception reason)
    {
        restarted = true;
        base.PostRestart(reason);
    }

    protected override void PostStop()
    {
        attemptCancellation.Cancel();
        if (connection is not null)
            ControlConnectionEnd.Discard(connection);
    }
}
