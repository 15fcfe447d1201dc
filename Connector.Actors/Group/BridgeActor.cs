using Akka.Actor;
using Akka.Cluster;
using Connector.Protocol.Ids;
using static Connector.Actors.Control.ReplicaAgentProtocol;

namespace Connector.Actors.Group;

/// <summary>The one place where the two actor systems of a replica meet: between its agent and the control session's singleton, wherever that runs.</summary>
internal sealed class BridgeActor : ReceiveActor
{
    private readonly IActorRef session;

    public BridgeActor(GroupBootId groupBootId, IActorRef agent, IActorRef session)
    {
        this.session = session;

        // From the agent.
        Receive<AgentHere>(m => session.Tell(m with { GroupBootId = groupBootId.ToArray() }));
        Receive<AgentRequest>(ToSession);
        Receive<AgentApplied>(ToSession);
        Receive<AskWhole>(ToSession);

        // A new leader should know of this replica at once, not at the agent's next turn.
        Receive<GroupProtocol.SessionBegan>(_ => agent.Tell(ShowUp.Instance));
        Receive<ClusterEvent.IMemberEvent>(_ => agent.Tell(ShowUp.Instance));

        // From the session.
        Receive<IGroupMessage>(m => agent.Tell(m));
    }

    public static Props Props(GroupBootId groupBootId, IActorRef agent, IActorRef session)
        => Akka.Actor.Props.Create(() => new BridgeActor(groupBootId, agent, session));

    private void ToSession(object message) => session.Tell(message);

    protected override void PreStart()
    {
        Context.System.EventStream.Subscribe(Self, typeof(GroupProtocol.SessionBegan));
        Cluster.Get(Context.System).Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent));
    }

    protected override void PostStop()
    {
        Context.System.EventStream.Unsubscribe(Self);
        Cluster.Get(Context.System).Unsubscribe(Self);
    }
}
