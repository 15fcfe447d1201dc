using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Health;
using Connector.Actors.Sockets;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;

namespace Connector.Actors.Links;

/// <summary>
/// The link to one edge: owns the relay's link object, keeps its lanes up through LaneActors, tells the edge what this replica serves, and makes
/// a new link when the old one is of no use any more.
/// </summary>
internal sealed class LinkActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan DrainPoll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PathPoll = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan PathRefresh = TimeSpan.FromSeconds(2);

    // A fifth of what an edge takes in the long run: the table is said again with each lane that comes.
    private const int MostLampsPerSecond = 10_000;

    private readonly LinkDependencies shared;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly ServeTable table = new();
    private readonly HashSet<IActorRef> lanes = [];
    private LinkSupervisorProtocol.EdgeAddress edge;
    private string? ticket;
    private LinkGeneration link = null!;
    private int generations;
    private int lanesUp;
    private bool connected;
    private string lastReason = "";
    private TimeSpan serveRetry = FirstServeRetry;

    // Draining: who wants to know, until when, and whether the edge has stopped to offer.
    private IActorRef? drainFor;
    private DateTimeOffset drainUntil;
    private bool drainAcknowledged;

    // Sockets whose lamp the edge has not been told.
    private readonly HashSet<SocketId> lampsDue = [];
    private LinkPath path;
    private TimeSpan pathPublished;
    private bool pathReported;

    // Sent away by the edge: the link is left once its streams have ended, then a new one is tried.
    private bool leaving;

    public LinkActor(LinkSupervisorProtocol.EdgeAddress edge, string? ticket, LinkDependencies shared)
    {
        this.edge = edge;
        this.ticket = ticket;
        this.shared = shared;
        path = new LinkPath(
            edge.EdgeId, new Lamp(LampState.Off, shared.Time.GetUtcNow(), null, "no lane is up yet"), ImmutableDictionary<SocketId, ServeAnswer>.Empty);

        Receive<SocketSupervisorProtocol.SocketStatuses>(all =>
        {
            foreach (var status in all.Sockets)
                Apply(status);
        });
        Receive<SocketSupervisorProtocol.SocketStatusChanged>(Apply);
        Receive<UpstreamCheckProtocol.UpstreamLampsChanged>(Apply);
        Receive<LampsDue>(_ => TellLamps());
        Receive<PathDue>(_ => PublishPath());
        Receive<LinkProtocol.ServeAnswered>(Answered);
        Receive<ServeDue>(_ => ServeAgain());
        Receive<LinkProtocol.ApplyEdge>(apply =>
        {
            this.edge = apply.Edge;
            Broadcast(apply);
        });
        Receive<LinkSupervisorProtocol.ApplyTicket>(Apply);
        Receive<LinkProtocol.TicketAnswered>(answer =>
        {
            if (answer.Generation == generations && !answer.Accepted)
                log.Warning("edge {EdgeId} refused the renewed ticket: {Reason}; the link lives on the old one until it expires", this.edge.EdgeId, answer.Text);
        });
        Receive<LinkProtocol.LaneUp>(LaneUp);
        Receive<LinkProtocol.LaneDown>(LaneDown);
        Receive<LinkProtocol.LaneNotUp>(notUp =>
        {
            if (notUp.Generation == generations && lanesUp == 0)
                SetConnected(false, notUp.Reason);
        });
        Receive<LinkProtocol.LinkBurnt>(burnt =>
        {
            if (burnt.Generation == generations)
                Replace(burnt.Reason);
        });
        Receive<DetachedTooLong>(tooLong =>
        {
            if (tooLong.Generation == generations && lanesUp == 0)
                Replace($"no lane for {shared.Settings.Detached.TotalSeconds:0} s; a new link is made");
        });
        Receive<LinkProtocol.GoAway>(GoAway);
        Receive<LeaveTick>(_ => Leave());
        Receive<LeaveOver>(_ =>
        {
            if (drainFor is null)
                MakeLink();
        });
        Receive<LinkProtocol.DrainLink>(Drain);
        Receive<LinkProtocol.DrainAcknowledged>(acknowledged => drainAcknowledged |= acknowledged.Generation == generations);
        Receive<DrainTick>(_ => DrainOn());
        Receive<Terminated>(ended =>
        {
            if (lanes.Remove(ended.ActorRef))
                LaneCrashed();
        });
        Receive<LinkDisposed>(disposed =>
        {
            if (disposed.Failure is not null)
                log.Error(disposed.Failure, "ending link {LinkId} to edge {EdgeId} failed", disposed.Id, this.edge.EdgeId);
        });
    }

    private static TimeSpan FirstServeRetry => TimeSpan.FromMilliseconds(250);

    private static TimeSpan LongestServeRetry => TimeSpan.FromSeconds(5);

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(LinkSupervisorProtocol.EdgeAddress edge, string? ticket, LinkDependencies shared)
        => Akka.Actor.Props.Create(() => new LinkActor(edge, ticket, shared));

    // A lane's connection belongs to the link, so a crashed lane actor cannot be restarted beside it: the link begins anew.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        MakeLink();

        // Subscribed first: what changes between the two is heard twice rather than never.
        Context.System.EventStream.Subscribe<SocketSupervisorProtocol.SocketStatusChanged>(Self);
        Context.System.EventStream.Subscribe<UpstreamCheckProtocol.UpstreamLampsChanged>(Self);
        shared.Sockets.Tell(SocketSupervisorProtocol.GetSocketStatuses.Instance);
        shared.Sockets.Tell(UpstreamCheckProtocol.GetUpstreamLamps.Instance);
        Timers.StartPeriodicTimer(PathKey, PathDue.Instance, PathPoll);
        if (ticket is null)
            SetConnected(false, "waiting for a ticket from the control plane");
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        _ = link.Link.DisposeAsync().AsTask();
        if (connected)
            Publish(false, "the link was ended by this replica");
        Context.System.EventStream.Publish(new LinkPath(edge.EdgeId, null, ImmutableDictionary<SocketId, ServeAnswer>.Empty));
    }

    private void MakeLink()
    {
        leaving = false;
        lanesUp = 0;
        var number = ++generations;
        link = new LinkGeneration(shared.NewLink(new LinkOwner(Self, shared.Sockets, number)), number);
        table.NewLink();
        lampsDue.Clear();
        foreach (var (socketId, version) in table.Served)
            link.Link.Serve(socketId, version, table.LampOf(socketId));
        for (var slot = 1; slot <= shared.Settings.SharedLanes; slot++)
            lanes.Add(Context.Watch(Context.ActorOf(LaneActor.Props(edge, link, ticket, shared), $"lane-{number}-{slot}")));
    }

    /// <summary>Ends the link with its lanes and streams, and begins with a new one.</summary>
    private void Replace(string reason)
    {
        GiveUp(reason);
        if (drainFor is null)
            MakeLink();
    }

    private void GiveUp(string reason)
    {
        // What its lanes still say is of the past from here on.
        generations++;
        Timers.Cancel(DetachedKey);
        foreach (var lane in lanes)
            Context.Stop(lane);
        lanes.Clear();
        lanesUp = 0;
        SetConnected(false, reason);
        var id = link.Link.Id;
        link.Link.DisposeAsync().AsTask().PipeTo(Self, success: () => new LinkDisposed(id, null), failure: e => new LinkDisposed(id, e));
    }

    private void Apply(SocketSupervisorProtocol.SocketStatusChanged status)
    {
        switch (table.Apply(status))
        {
            case true:
                link.Link.Serve(status.SocketId, status.ConfigVersion, table.LampOf(status.SocketId));
                break;
            case false:
                link.Link.Unserve(status.SocketId);
                break;
        }
    }

    private void Answered(LinkProtocol.ServeAnswered answer)
    {
        if (answer.Generation != generations)
            return;
        if (table.Answered(answer.SocketId, answer.Code, shared.Time.GetUtcNow()))
            log.Info("edge {EdgeId} does not take socket {SocketId} yet: {Reason}; it is offered again", edge.EdgeId, answer.SocketId, answer.Code);

        if (table.Refused.Count == 0)
        {
            Timers.Cancel(ServeKey);
            serveRetry = FirstServeRetry;
        }
        else if (!Timers.IsTimerActive(ServeKey))
        {
            Timers.StartSingleTimer(ServeKey, ServeDue.Instance, serveRetry);
            serveRetry = serveRetry * 2 < LongestServeRetry ? serveRetry * 2 : LongestServeRetry;
        }
    }

    // The edge's table and ours come on different ways; one of them is behind for a moment.
    private void ServeAgain()
    {
        foreach (var socketId in table.Refused)
            link.Link.Serve(socketId, table.Served[socketId], table.LampOf(socketId));
    }

    private void Apply(UpstreamCheckProtocol.UpstreamLampsChanged lamps)
    {
        foreach (var (socketId, lamp) in lamps.Lamps)
        {
            if (table.SetLamp(socketId, OnWire(lamp.State)))
                lampsDue.Add(socketId);
        }

        if (!Timers.IsTimerActive(LampsKey))
            TellLamps();
    }

    /// <summary>An edge takes so many SERVEs a second and no more; of each lamp only the latest state is told.</summary>
    private void TellLamps()
    {
        foreach (var socketId in lampsDue.Take(MostLampsPerSecond).ToArray())
        {
            lampsDue.Remove(socketId);
            if (table.Served.TryGetValue(socketId, out var version))
                link.Link.Serve(socketId, version, table.LampOf(socketId));
            Timers.StartSingleTimer(LampsKey, LampsDue.Instance, TimeSpan.FromSeconds(1));
        }
    }

    private static UpstreamLamp OnWire(LampState state) => state switch
    {
        LampState.On => UpstreamLamp.On,
        LampState.Off => UpstreamLamp.Off,
        _ => UpstreamLamp.Unknown,
    };

    private void PublishPath()
    {
        var now = Lamp.Now(shared.Time);
        var lamp = LinkPathLamp.Decide(path.Lamp!, lanesUp, lastReason, link.Link.Path, now, shared.Time.GetUtcNow());
        var changed = lamp.State != path.Lamp!.State;
        if (changed && (lamp.State == LampState.Off ? lanesUp > 0 : pathReported))
        {
            // A link without a lane has a record of its own.
            pathReported = lamp.State == LampState.Off;
            if (lamp.State == LampState.Off)
                log.Warning("path lamp of the link to edge {EdgeId} is off: {Reason}", edge.EdgeId, lamp.Reason);
            else
                log.Info("path lamp of the link to edge {EdgeId} is {State}", edge.EdgeId, lamp.State == LampState.On ? "on" : "unknown");
        }

        if (!changed && lamp.Reason == path.Lamp.Reason && ReferenceEquals(table.Answers, path.Answers) && now - pathPublished < PathRefresh)
        {
            path = path with { Lamp = lamp };
            return;
        }

        pathPublished = now;
        path = new LinkPath(edge.EdgeId, lamp, table.Answers);
        Context.System.EventStream.Publish(path);
    }

    private void Apply(LinkSupervisorProtocol.ApplyTicket apply)
    {
        if (ticket == apply.Ticket)
            return;
        ticket = apply.Ticket;
        if (lanesUp > 0)
            link.Link.RenewTicket(apply.Ticket);
        Broadcast(apply);
    }

    private void LaneUp(LinkProtocol.LaneUp up)
    {
        if (up.Generation != generations)
            return;
        lanesUp++;
        Timers.Cancel(DetachedKey);
        SetConnected(true, $"connected over {lanesUp} lane(s)");
    }

    private void LaneDown(LinkProtocol.LaneDown down)
    {
        if (down.Generation != generations)
            return;
        lanesUp--;
        if (lanesUp > 0)
        {
            log.Info("lane {Lane} to edge {EdgeId} ended: {Reason}; {Lanes} left", down.End.LaneNumber, edge.EdgeId, down.End.Reason, lanesUp);
            return;
        }

        SetConnected(false, $"the last lane ended: {down.End.Reason}");
        Timers.StartSingleTimer(DetachedKey, new DetachedTooLong(generations), shared.Settings.Detached);
        if (link.Link.LiveStreams > 0)
            Broadcast(LinkProtocol.Hurry.Instance);
    }

    private void GoAway(LinkProtocol.GoAway away)
    {
        if (away.Generation != generations || leaving || drainFor is not null)
            return;
        leaving = true;
        var grace = away.Grace < shared.Settings.LongestGrace ? away.Grace : shared.Settings.LongestGrace;
        drainUntil = shared.Time.GetUtcNow() + grace;
        log.Info("edge {EdgeId} sends this replica away ({Reason}), {Streams} streams have {Grace} to end", edge.EdgeId, away.Reason, link.Link.LiveStreams, grace);
        Broadcast(LinkProtocol.StopDialling.Instance);
        Timers.StartPeriodicTimer(LeaveKey, LeaveTick.Instance, DrainPoll);
    }

    private void Leave()
    {
        if (!leaving || (link.Link.LiveStreams > 0 && lanesUp > 0 && shared.Time.GetUtcNow() < drainUntil))
            return;

        Timers.Cancel(LeaveKey);
        GiveUp("the edge sent this replica away; it is tried again");

        // The edge meant it: come back like after a few failures, with jitter so that not all replicas come at once.
        var wait = shared.Settings.LongestWait * (0.1 + (0.9 * shared.Random()));
        Timers.StartSingleTimer(LeaveKey, LeaveOver.Instance, wait);
    }

    private void LaneCrashed()
    {
        GiveUp("one of its lanes crashed; a new link is made");
        if (drainFor is null)
            Timers.StartSingleTimer(LeaveKey, LeaveOver.Instance, TimeSpan.FromSeconds(1));
    }

    private void Drain(LinkProtocol.DrainLink drain)
    {
        drainFor = Sender;
        drainAcknowledged = false;
        drainUntil = shared.Time.GetUtcNow() + drain.Grace;
        Timers.Cancel(LeaveKey);

        // Also without a lane: the next one says it.
        link.Link.Drain(drain.Grace);
        Timers.StartPeriodicTimer(DrainKey, DrainTick.Instance, DrainPoll);
        DrainOn();
    }

    private void DrainOn()
    {
        if (drainFor is not { } asker)
            return;
        var streams = link.Link.LiveStreams;

        // While streams run a lost lane is dialled again, as ever: draining may take a quarter of an hour.
        if (streams == 0)
            Broadcast(LinkProtocol.StopDialling.Instance);
        var quiet = streams == 0 && (drainAcknowledged || lanesUp == 0);
        if (!quiet && shared.Time.GetUtcNow() < drainUntil)
            return;
        Timers.Cancel(DrainKey);
        asker.Tell(new LinkProtocol.LinkDrained(streams));
    }

    private void Broadcast(object message)
    {
        foreach (var lane in lanes)
            lane.Tell(message);
    }

    private void SetConnected(bool now, string reason)
    {
        // A second lane is not news; another reason for being down is.
        if (connected == now && (now || lastReason == reason))
            return;
        var changed = connected != now;
        connected = now;
        lastReason = reason;
        if (now)
            log.Info("link {LinkId} to edge {EdgeId} is up: {Reason}", link.Link.Id, edge.EdgeId, reason);
        else
            log.Warning("link to edge {EdgeId} is down: {Reason}", edge.EdgeId, reason);
        if (changed || !now)
            Publish(now, reason);
    }

    private void Publish(bool now, string reason)
        => Context.System.EventStream.Publish(new LinkSupervisorProtocol.LinkStatusChanged(edge.EdgeId, now, reason));

    private const string PathKey = "path";
    private const string LampsKey = "lamps";
    private const string DetachedKey = "detached";
    private const string ServeKey = "serve";
    private const string LeaveKey = "leave";
    private const string DrainKey = "drain";

    private sealed record DetachedTooLong(int Generation);

    private sealed record LinkDisposed(LinkId Id, Exception? Failure) : INoSerializationVerificationNeeded, IDeadLetterSuppression;

    private sealed record ServeDue
    {
        public static readonly ServeDue Instance = new();
    }

    private sealed record PathDue
    {
        public static readonly PathDue Instance = new();
    }

    private sealed record LampsDue
    {
        public static readonly LampsDue Instance = new();
    }

    private sealed record LeaveTick
    {
        public static readonly LeaveTick Instance = new();
    }

    private sealed record LeaveOver
    {
        public static readonly LeaveOver Instance = new();
    }

    private sealed record DrainTick
    {
        public static readonly DrainTick Instance = new();
    }
}
