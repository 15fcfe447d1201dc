using Akka.Actor;
using Akka.Event;
using Connector.Protocol.Ids;

namespace Connector.Actors.Links;

/// <summary><c>/user/links</c>: one LinkActor per edge. Applies the set of edges by difference, hands tickets on, drains.</summary>
internal sealed class LinkSupervisor : ReceiveActor
{
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
        Receive<Terminated>(ended => Drained(ended.ActorRef, 0));
    }

    public static Props Props(LinkDependencies shared) => Akka.Actor.Props.Create(() => new LinkSupervisor(shared));

    // A link that crashes starts over with fresh state: its edge, the last ticket and the serve table come again from PreStart and below.
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(_ => Directive.Restart);

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
            links[edge.EdgeId].Tell(new LinkProtocol.ApplyEdge(edge));
        }

        foreach (var edge in difference.Added)
        {
            edges[edge.EdgeId] = edge;

            // While this replica drains it makes no new links.
            if (drainFor is not null)
                continue;
            var link = Context.ActorOf(LinkActor.Props(edge, ticket, shared), $"{Uri.EscapeDataString(edge.EdgeId.Value)}.{++incarnations}");
            links[edge.EdgeId] = link;
            Context.Watch(link);
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
}
