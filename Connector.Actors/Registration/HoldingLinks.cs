using Akka.Actor;
using Connector.Actors.Links;
using Connector.Actors.State;
using Connector.Protocol;
using Connector.Protocol.Control.Wire;

namespace Connector.Actors.Registration;

/// <summary>
/// Stands for <c>/user/links</c> before a control session that tells links what is also to be held: it goes to <c>/user/state</c>, which hands it on.
/// To be taken out when the session sends HoldEdges and HoldTicket itself.
/// </summary>
internal sealed class HoldingLinks : ReceiveActor
{
    public static Props Props(IActorRef state) => Akka.Actor.Props.Create(() => new HoldingLinks(state));

    public HoldingLinks(IActorRef state)
    {
        Receive<LinkSupervisorProtocol.ApplyTicket>(m => state.Forward(new DesiredStateProtocol.HoldTicket(new Secret(m.Ticket))));
        Receive<LinkSupervisorProtocol.ApplyEdges>(m => state.Forward(new DesiredStateProtocol.HoldEdges(new Edges
        {
            Edges_ =
            {
                m.Edges.Select(edge => new EdgeAddress { EdgeId = edge.EdgeId.Value, Addresses = { edge.Addresses }, CaPins = { edge.CaPins } }),
            },
        })));
    }
}
