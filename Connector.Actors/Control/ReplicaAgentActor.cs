using Akka.Actor;
using Akka.Event;
using Connector.Actors.Discovery;
using Connector.Actors.Links;
using Connector.Actors.Logs;
using Connector.Actors.Sockets;
using Connector.Actors.Sockets.Checks;
using Connector.Actors.State;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using static Connector.Actors.Control.ControlSessionProtocol;
using static Connector.Actors.Control.ReplicaAgentProtocol;

namespace Connector.Actors.Control;

/// <summary>
/// This replica towards the control session, wherever that is: hands on what is pushed, and says what the control plane should know of this replica. What the session
/// is like is published here for the rest of the replica.
/// </summary>
internal sealed class ReplicaAgentActor : ReceiveActor, IWithTimers
{
    private const string ReportTimer = "report";
    private const string RefreshTimer = "refresh";
    private const string HereTimer = "here";
    private const string StateTimer = "state";

    // Beyond these an asker is told what is known by then.
    private const int MostWaiting = 64;

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly ControlSessionSettings settings;
    private readonly ControlSessionPeers peers;
    private readonly TimeProvider time;
    private readonly ReplicaReports reports;
    private readonly AppliedConfig applied;
    private readonly WholeParts whole = new();
    private readonly DateTimeOffset startedAt;
    private readonly List<IActorRef> waiting = [];

    private IActorRef to = ActorRefs.Nobody;
    private IActorRef discovery = ActorRefs.Nobody;

    // The session whose pushes are followed, and the attempt under which our own actors know it: numbers, because results of an earlier one may still come.
    private Guid followed;
    private int attempt;
    private long sequence;
    private bool asked;
    private Guid open;
    private ControlSessionStatusChanged? status;
    private bool ended;

    // What an earlier start held is here, or nobody waits for it any more: only then does this replica say what it holds.
    private bool known;

    public ReplicaAgentActor(ControlSessionSettings settings, ControlSessionPeers peers, TimeProvider time)
    {
        this.settings = settings;
        this.peers = peers;
        this.time = time;
        reports = new ReplicaReports(settings.ReplicaId);
        applied = new AppliedConfig(settings.ReplicaId);
        startedAt = time.GetUtcNow();
        Serving();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(ControlSessionSettings settings, ControlSessionPeers peers, TimeProvider time)
        => Akka.Actor.Props.Create(() => new ReplicaAgentActor(settings, peers, time));

    private bool IsOpen => open != Guid.Empty;

    private void Serving()
    {
        ReceiveSession();
        ReceivePushes();
        ReceiveReplica();
    }

    private void ReceiveSession()
    {
        Receive<UseSession>(m =>
        {
            Lost();
            to = m.Session;
            Here();
            Timers.StartPeriodicTimer(HereTimer, HereDue.Instance, settings.AgentInterval);
        });
        Receive<NoSession>(m =>
        {
            Lost();
            to = ActorRefs.Nobody;
            Timers.Cancel(HereTimer);
            SetStatus(ControlSessionState.Connecting, m.Reason, new SessionEpoch(status?.Epoch.Value ?? 0), time.GetUtcNow());
        });
        Receive<HereDue>(_ => Here());
        Receive<ShowUp>(_ => Here());
        Receive<SessionNews>(m =>
        {
            if (Enum.TryParse<ControlSessionState>(m.State, out var state))
                SetStatus(state, m.Reason, new SessionEpoch(m.Epoch), m.Since);
        });
        Receive<SessionHeard>(m =>
        {
            Context.System.EventStream.Publish(new ControlPlaneHeard(Health.Lamp.Now(time), m.Silence));
            if (m.Session != followed ? m.Sequence >= 0 : m.Sequence > sequence)
                AskWhole(m.Session);
        });
        Receive<SessionOpen>(m =>
        {
            if (m.Session == open)
                return;
            Lost();
            open = m.Session;
            reports.EverythingAgain();
            ReportSoon();
            Timers.StartPeriodicTimer(RefreshTimer, RefreshDue.Instance, settings.RefreshInterval);
            peers.Logs.Tell(new LogShipperProtocol.SessionOpened(attempt));
            discovery.Tell(DiscoveryProtocol.ReportsTaken.Instance);
        });
        Receive<ReplicaAgentProtocol.SessionLost>(m =>
        {
            if (m.Session == open)
                Lost();
        });
        Receive<SessionEnded>(m =>
        {
            if (ended)
                return;
            ended = true;
            Lost();
            Context.System.EventStream.Publish(new ControlSessionStopped(m.Reason, m.Deleted));
        });
    }

    private void ReceivePushes()
    {
        Receive<PushWhole>(m =>
        {
            if (whole.Add(m) is not { } init)
                return;
            Follow(m.Session);
            sequence = m.Sequence;
            asked = false;
            peers.State.Tell(new DesiredStateProtocol.ApplyInit(attempt, init));
        });
        Receive<PushUpdate>(m =>
        {
            if (m.Session == followed && m.Sequence == sequence + 1)
            {
                sequence = m.Sequence;
                peers.State.Tell(new DesiredStateProtocol.ApplyUpdate(attempt, UpdateConfig.Parser.ParseFrom(m.Update)));
            }
            else if (m.Session != followed || m.Sequence > sequence)
            {
                AskWhole(m.Session);
            }
        });
        Receive<PushEdges>(m => peers.State.Tell(new DesiredStateProtocol.HoldEdges(Edges.Parser.ParseFrom(m.Edges))));
        Receive<PushTicket>(m => peers.State.Tell(new DesiredStateProtocol.HoldTicket(new Secret(m.Ticket))));
        Receive<PushDiscover>(m => discovery.Tell(new DiscoveryProtocol.DiscoverNow(new PluginId(m.PluginId), m.RequestId)));
        Receive<PushDial>(m => discovery.Tell(new DiscoveryProtocol.Dial(DialResources.Parser.ParseFrom(m.Dial))));
        Receive<LogsStored>(m => peers.Logs.Tell(new LogShipperProtocol.BatchAcknowledged(m.Sequence)));
        Receive<ApplyWithoutSession>(m =>
        {
            // A session's pushes are newer than an answer that was asked for without one.
            if (IsOpen)
                return;
            if (m.Init is { } init)
            {
                Follow(Guid.NewGuid());
                sequence = -1;
                peers.State.Tell(new DesiredStateProtocol.ApplyInit(attempt, init));
            }

            if (m.Edges is { } edges)
                peers.State.Tell(new DesiredStateProtocol.HoldEdges(edges));
            if (m.Ticket is { Length: > 0 } ticket)
                peers.State.Tell(new DesiredStateProtocol.HoldTicket(new Secret(ticket)));
        });
    }

    private void ReceiveReplica()
    {
        Receive<DesiredStateProtocol.DesiredStateApplied>(m =>
        {
            if (m.Attempt != attempt)
                return;
            applied.Add(m.Version);
            to.Tell(new AgentApplied(followed, settings.ReplicaId.Value, m.Version.Incarnation, m.Version.Number));
            ReportSoon();
        });
        Receive<DesiredStateProtocol.DesiredStateState>(m =>
        {
            if (applied.Held == DesiredStateVersion.None)
                applied.Hold(m.Version);
            Known();
        });
        Receive<StateDue>(_ =>
        {
            log.Warning(
                "what an earlier start of this replica held was not known within {Seconds} s: the control plane is told that it holds {Version}",
                settings.StateDeadline.TotalSeconds, applied.Held);
            Known();
        });
        Receive<ShipLogBatch>(m =>
        {
            if (IsOpen && m.Attempt == attempt)
                Say(new ControlStreamRequest { Logs = m.Batch });
        });
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
        Receive<DiscoveryProtocol.UseDiscovery>(m => discovery = m.Discovery);
        Receive<DiscoveryProtocol.Report>(m =>
        {
            if (!IsOpen)
            {
                Sender.Tell(new DiscoveryProtocol.NotTaken(m.Tag));
                return;
            }

            foreach (var request in m.Requests)
                Say(request);
        });
        Receive<ReportDue>(_ => Report());
        Receive<RefreshDue>(_ =>
        {
            if (IsOpen)
                Say(reports.Refresh(Health.Lamp.Now(time)));
        });
        Receive<GetHeld>(_ =>
        {
            if (known || waiting.Count == MostWaiting)
                Sender.Tell(new HeldState(applied.Held));
            else
                waiting.Add(Sender);
        });
    }

    private void Known()
    {
        Timers.Cancel(StateTimer);
        known = true;
        foreach (var asker in waiting)
            asker.Tell(new HeldState(applied.Held));
        waiting.Clear();
        Here();
    }

    private void Follow(Guid session)
    {
        if (followed == session)
            return;
        followed = session;
        attempt++;
        applied.NewStream();
    }

    private void AskWhole(Guid session)
    {
        // One question at a time; it is repeated with the next word of the session.
        if (asked && followed == session)
            return;
        asked = true;
        log.Debug("asking for the whole desired state, {Sequence} of session {Followed} is what this replica has", sequence, followed);
        to.Tell(new AskWhole(session, settings.ReplicaId.Value));
    }

    private void Here()
    {
        if (!known)
            return;
        asked = false;
        to.Tell(new AgentHere(
            settings.ReplicaId.Value, settings.BootId.ToArray(), settings.Key.SubjectPublicKeyInfo.ToByteArray(), [], settings.Version, startedAt, reports.LiveStreams,
            applied.Held.Incarnation, applied.Held.Number));
    }

    // At once when the last one is long enough ago, else when it is.
    private void ReportSoon()
    {
        if (IsOpen && !Timers.IsTimerActive(ReportTimer))
            Report();
    }

    private void Report()
    {
        if (!IsOpen)
            return;
        var messages = reports.Take(Health.Lamp.Now(time));
        if (applied.Take() is { } report)
            messages.Add(report);
        if (messages.Count == 0)
            return;
        Timers.StartSingleTimer(ReportTimer, ReportDue.Instance, settings.ReportInterval);
        foreach (var message in messages)
            Say(message);
    }

    private void Say(ControlStreamRequest request) => to.Tell(new AgentRequest(open, settings.ReplicaId.Value, request.ToByteArray()));

    private void Lost()
    {
        if (!IsOpen)
            return;
        open = Guid.Empty;
        Timers.Cancel(ReportTimer);
        Timers.Cancel(RefreshTimer);
        peers.Logs.Tell(new LogShipperProtocol.SessionLost(attempt));
    }

    private void SetStatus(ControlSessionState state, string reason, SessionEpoch epoch, DateTimeOffset since)
    {
        var next = new ControlSessionStatusChanged(state, reason, epoch, since);
        if (status == next)
            return;
        status = next;
        Context.System.EventStream.Publish(next);
    }

    protected override void PreStart()
    {
        var events = Context.System.EventStream;
        events.Subscribe(Self, typeof(SocketSupervisorProtocol.SocketStatusChanged));
        events.Subscribe(Self, typeof(DesiredStateProtocol.PluginStatusChanged));
        events.Subscribe(Self, typeof(UpstreamCheckProtocol.UpstreamLampsChanged));
        events.Subscribe(Self, typeof(LinkPath));
        peers.Sockets.Tell(SocketSupervisorProtocol.GetSocketStatuses.Instance);
        peers.Sockets.Tell(UpstreamCheckProtocol.GetUpstreamLamps.Instance);
        peers.State.Tell(DesiredStateProtocol.GetDesiredState.Instance);
        Timers.StartSingleTimer(StateTimer, StateDue.Instance, settings.StateDeadline);
        SetStatus(ControlSessionState.Connecting, "starting", new SessionEpoch(0), time.GetUtcNow());
    }

    // Nobody notices that this actor was restarted: its successor is told of the session. What it missed there it asks for.
    protected override void PreRestart(Exception reason, object message)
    {
        if (!to.IsNobody())
            Self.Tell(new UseSession(to));
        if (IsOpen)
            Self.Tell(new SessionOpen(open));
        if (!discovery.IsNobody())
            Self.Tell(new DiscoveryProtocol.UseDiscovery(discovery));
        base.PreRestart(reason, message);
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);

    /// <summary>Answered with <see cref="HeldState"/>, but not before it is known what an earlier start held.</summary>
    internal sealed record GetHeld : INoSerializationVerificationNeeded
    {
        public static readonly GetHeld Instance = new();
    }

    internal sealed record HeldState(DesiredStateVersion Version) : INoSerializationVerificationNeeded;

    private sealed class HereDue : INoSerializationVerificationNeeded
    {
        public static readonly HereDue Instance = new();
    }

    private sealed class StateDue : INoSerializationVerificationNeeded
    {
        public static readonly StateDue Instance = new();
    }

    private sealed class RefreshDue : INoSerializationVerificationNeeded
    {
        public static readonly RefreshDue Instance = new();
    }

    private sealed class ReportDue : INoSerializationVerificationNeeded
    {
        public static readonly ReportDue Instance = new();
    }
}
