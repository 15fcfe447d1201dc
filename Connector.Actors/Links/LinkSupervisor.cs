using Akka.Actor;
using Akka.Event;
using Connector.Protocol.Ids;

namespace Connector.Actors.Links;

/// <summary><c>/user/links</c>: one LinkActor per edge. Applies the set of edges by difference, hands tickets on, drains.</summary>
internal sealed class LinkSupervisor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan AfterCrash = TimeSpan.FromSeconds(1);

    private readonly LinkDependencies shared;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly Dictionary<EdgeId, LinkSupervisorProtocol.EdgeAddress> edges = [];
    private readonly Dictionary<EdgeId, IActorRef> links = [];
    private readonly HashSet<IActorRef> draining = [];
    private string? ticket;
    private IActorRef? drainFor;
    private int streamsLeft;
    private long incarnations;

    public LinkSupervisor(LinkDependencies shared)
    {
        this.shared = shared;
        Receive<LinkSupervisorProtocol.ApplyEdges>(Apply);
        Receive<LinkSupervisorProtocol.ApplyTicket>(apply =>
        {
            ticket = apply.Ticket;
            foreach (var link in links.Values)
                link.Forward(apply);
        });
        Receive<LinkSupervisorProtocol.DrainLinks>(Drain);
        Receive<LinkProtocol.LinkDrained>(drained => Drained(Sender, drained.StreamsLeft));
        Receive<Terminated>(ended => Ended(ended.ActorRef));
        Receive<StartAgain>(again => Start(again.EdgeId));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(LinkDependencies shared) => Akka.Actor.Props.Create(() => new LinkSupervisor(shared));

    // A crashed link is stopped and begun anew with the present edge and ticket, which an Akka restart (old Props) would not have.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Stop);

    private void Apply(LinkSupervisorProtocol.ApplyEdges apply)
    {
        var difference = EdgeDifference.Between(edges, apply.Edges);
        foreach (var id in difference.Removed)
        {
            log.Info("edge {EdgeId} is not wanted any more; its link ends", id);
            edges.Remove(id);
            if (links.Remove(id, out var link))
                Context.Stop(link);
        }

        foreach (var edge in difference.Changed)
        {
            edges[edge.EdgeId] = edge;
            if (links.TryGetValue(edge.EdgeId, out var link))
                link.Tell(new LinkProtocol.ApplyEdge(edge));
        }

        foreach (var edge in difference.Added)
        {
            edges[edge.EdgeId] = edge;
            Start(edge.EdgeId);
        }
    }

    private void Start(EdgeId id)
    {
        // While this replica drains it makes no new links.
        if (drainFor is not null || links.ContainsKey(id) || !edges.TryGetValue(id, out var edge))
            return;
        var link = Context.ActorOf(LinkActor.Props(edge, ticket, shared), $"{Uri.EscapeDataString(id.Value)}.{++incarnations}");
        links.Add(id, link);
        Context.Watch(link);
    }

    private void Ended(IActorRef actor)
    {
        Drained(actor, 0);
        foreach (var (id, link) in links)
        {
            if (!link.Equals(actor))
                continue;
            links.Remove(id);
            Timers.StartSingleTimer(id, new StartAgain(id), AfterCrash);
            return;
        }
    }

    private void Drain(LinkSupervisorProtocol.DrainLinks drain)
    {
        drainFor = Sender;
        streamsLeft = 0;
        draining.Clear();
        foreach (var link in links.Values)
        {
            draining.Add(link);
            link.Tell(new LinkProtocol.DrainLink(drain.Grace));
        }

        Answer();
    }

    private void Drained(IActorRef link, int left)
    {
        if (!draining.Remove(link))
            return;
        streamsLeft += left;
        Answer();
    }

    private void Answer()
    {
        if (draining.Count == 0)
            drainFor?.Tell(new LinkSupervisorProtocol.LinksDrained(streamsLeft));
    }

    private sealed record StartAgain(EdgeId EdgeId);
}
