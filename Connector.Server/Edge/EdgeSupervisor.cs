using Akka.Actor;
using Akka.Event;
using Connector.Protocol.Ids;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Sockets;
using Connector.Server.Feed;

namespace Connector.Server.Edge;

/// <summary>
/// The edge's root: follows the feed, keeps one <see cref="EdgeSocketActor"/> per socket by difference, puts each state in force for the
/// links, and reports the links.
/// </summary>
internal sealed class EdgeSupervisor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ReportDelay = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    // Everything is described anew, and told with the age of its proof, at each so manieth sweep.
    private const int FullSweep = 4;
    private static readonly TimeSpan RestartDelay = TimeSpan.FromSeconds(1);

    private readonly EdgeSocketDependencies edge;
    private readonly Func<EdgeState, ITicketVerifier> verifierOf;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly ICancelable stopped = new Cancelable(Context.System.Scheduler);
    private readonly FeedFollower follower;
    private readonly Dictionary<SocketId, EdgeSocket> sockets = [];
    private readonly Dictionary<SocketId, IActorRef> children = [];
    private readonly Dictionary<ConnectorId, EdgeReport.LinksChanged> reported = [];
    private int sweeps;

    /// <param name="verifierOf">Makes the verifier of a state's ticket keys.</param>
    public EdgeSupervisor(EdgeSocketDependencies edge, Func<EdgeState, ITicketVerifier> verifierOf)
    {
        this.edge = edge;
        this.verifierOf = verifierOf;
        var self = Self;
        follower = new FeedFollower(
            edge.Feed, edge.Time, state => self.Tell(new StateArrived(state)), reason => self.Tell(new FeedInterrupted(reason)));
        Receive<StateArrived>(message => Apply(message.State));
        Receive<FeedInterrupted>(message => log.Warning("edge: following the control plane was interrupted: {Reason}; keeping what is known", message.Reason));
        Receive<LinksMarked>(_ => Timers.StartSingleTimer(nameof(ReportLinks), ReportLinks.Instance, ReportDelay));
        Receive<ReportLinks>(_ => ReportMarked());
        Receive<Sweep>(_ => SweepLinks());
        Receive<StartSocket>(message => Start(message.SocketId));
        Receive<Terminated>(message => ChildEnded(message.ActorRef));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(EdgeSocketDependencies edge, Func<EdgeState, ITicketVerifier> verifierOf)
        => Akka.Actor.Props.Create(() => new EdgeSupervisor(edge, verifierOf));

    // A restarted child would have the definition of its first start. It is stopped instead, and made anew with the newest.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    protected override void PreStart()
    {
        var self = Self;
        edge.Links.Changes.OnMarked(() => self.Tell(LinksMarked.Instance));
        Timers.StartPeriodicTimer(nameof(Sweep), Sweep.Instance, SweepInterval);
        _ = follower.RunAsync(stopped.Token);
    }

    protected override void PostStop()
    {
        edge.Links.Changes.OnMarked(() => { });
        stopped.Cancel();
    }

    private void Apply(EdgeState state)
    {
        follower.Applied();
        var tables = edge.Links.Tables;
        if (!EdgeStateDifference.Follows(state.Version, tables.State.Version))
        {
            return;
        }

        var sameKeys = tables != EdgeTables.Nothing && SameKeys(tables.State, state);
        edge.Links.Apply(new EdgeTables(state, sameKeys ? tables.Verifier : verifierOf(state)));

        var difference = EdgeStateDifference.Between(sockets, state.Sockets);
        foreach (var id in difference.Removed)
        {
            sockets.Remove(id);
            if (children.TryGetValue(id, out var child))
            {
                Context.Stop(child);
            }
        }

        foreach (var socket in difference.Changed)
        {
            sockets[socket.Id] = socket;
            if (children.TryGetValue(socket.Id, out var child))
            {
                child.Tell(new EdgeSocketProtocol.ApplySocket(socket));
            }
        }

        foreach (var socket in difference.Added)
        {
            sockets[socket.Id] = socket;
            Start(socket.Id);
        }
    }

    private static bool SameKeys(EdgeState one, EdgeState two)
        => one.TicketKeys.Length == two.TicketKeys.Length
            && one.TicketKeys.Zip(two.TicketKeys).All(pair =>
                pair.First.KeyId == pair.Second.KeyId
                && pair.First.SubjectPublicKeyInfo.AsSpan().SequenceEqual(pair.Second.SubjectPublicKeyInfo.AsSpan()));

    private void Start(SocketId id)
    {
        // One that still stops keeps its place: it is made again when it has ended.
        if (sockets.TryGetValue(id, out var socket) && !children.ContainsKey(id))
        {
            children[id] = Context.Watch(Context.ActorOf(EdgeSocketActor.Props(socket, edge), $"socket-{Uri.EscapeDataString(id.Value)}"));
        }
    }

    private void ChildEnded(IActorRef ended)
    {
        var id = children.First(pair => pair.Value.Equals(ended)).Key;
        children.Remove(id);
        if (sockets.ContainsKey(id))
        {
            // Wanted, and gone: it failed, or it was deleted and came back at once.
            Timers.StartSingleTimer(ended.Path.Name, new StartSocket(id), RestartDelay);
        }
    }

    private void ReportMarked()
    {
        foreach (var connector in edge.Links.Changes.Drain())
        {
            Report(connector, always: false);
        }
    }

    private void SweepLinks()
    {
        edge.Links.EndExpired();

        // A path goes off without a mark. Streams come and go without one, too, and proofs grow old: brought up to date at the full sweep.
        var full = ++sweeps % FullSweep == 0;
        if (full)
        {
            edge.Links.Failures.Trim();
        }

        foreach (var connector in edge.Links.Connectors)
        {
            if (full || edge.Links.PathsDiffer(connector, reported.GetValueOrDefault(connector)?.Replicas ?? default))
            {
                Report(connector, always: true);
            }
        }
    }

    /// <param name="always">Also when nothing but the age of a proof has changed.</param>
    private void Report(ConnectorId connector, bool always)
    {
        var now = new EdgeReport.LinksChanged(connector, edge.Links.Describe(connector));
        if (reported.TryGetValue(connector, out var last) ? !always && Same(last, now) : now.Replicas.IsEmpty)
        {
            return;
        }

        if (now.Replicas.IsEmpty)
        {
            reported.Remove(connector);
        }
        else
        {
            reported[connector] = now;
        }

        edge.Feed.Report(now);
    }

    private static bool Same(EdgeReport.LinksChanged one, EdgeReport.LinksChanged two)
        => one.Replicas.Length == two.Replicas.Length
            && one.Replicas.Zip(two.Replicas).All(pair =>
                pair.First with { Sockets = pair.Second.Sockets, UpstreamsOff = pair.Second.UpstreamsOff, Path = pair.First.Path with { Age = pair.Second.Path.Age } } == pair.Second
                && pair.First.Sockets.SequenceEqual(pair.Second.Sockets)
                && pair.First.UpstreamsOff.SequenceEqual(pair.Second.UpstreamsOff));

    private sealed record StateArrived(EdgeState State) : INoSerializationVerificationNeeded;

    private sealed record FeedInterrupted(string Reason) : INoSerializationVerificationNeeded;

    private sealed record StartSocket(SocketId SocketId) : INoSerializationVerificationNeeded;

    private sealed class LinksMarked
    {
        public static readonly LinksMarked Instance = new();
    }

    private sealed class ReportLinks
    {
        public static readonly ReportLinks Instance = new();
    }

    private sealed class Sweep
    {
        public static readonly Sweep Instance = new();
    }
}
