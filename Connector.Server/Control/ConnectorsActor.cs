using Akka.Actor;
using Akka.Event;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>
/// Parent of the connector entities, <c>/user/connectors</c>: makes one on demand and stops it when it says that it is idle. Takes
/// <see cref="ConnectorsProtocol"/> from the API and the feed, and claims from control streams.
/// </summary>
internal sealed class ConnectorsActor : ReceiveActor
{
    public const string Name = "connectors";
    private const int MaxHeld = 256;

    private readonly ControlServices services;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private Action edgesChanged = static () => { };
    private readonly Dictionary<ConnectorId, IActorRef> entities = [];
    private readonly Dictionary<IActorRef, ConnectorId> ids = [];
    // Messages for an entity that is stopping; dropped beyond MaxHeld, the senders' deadlines tell them.
    private readonly Dictionary<ConnectorId, List<(object Message, IActorRef Sender)>> held = [];

    public static Props Props(ControlServices services) => Akka.Actor.Props.Create(() => new ConnectorsActor(services));

    public ConnectorsActor(ControlServices services)
    {
        this.services = services;
        Receive<ControlStreamProtocol.ClaimSession>(message => Route(message.ConnectorId, message, create: true));
        Receive<ConnectorsProtocol.GetSession>(message => Route(message.ConnectorId, message, create: true));
        Receive<ConnectorsProtocol.DiscoverNow>(message => Route(message.ConnectorId, message, create: true));
        Receive<GroupProtocol.AskVerdict>(message => Route(message.ConnectorId, message, create: true));
        // Who has no entity has no session: it reads the store when it makes one.
        Receive<ControlStreamProtocol.IForConnector>(message => Route(message.ConnectorId, message, create: false));
        Receive<ConnectorsProtocol.DesiredStateChanged>(message => Route(message.ConnectorId, message, create: false));
        Receive<ConnectorsProtocol.ConnectorDeleted>(message => Route(message.ConnectorId, message, create: false));
        Receive<ConnectorsProtocol.TokenRevoked>(message => Route(message.ConnectorId, message, create: false));
        Receive<ControlStreamProtocol.EdgesChanged>(message =>
        {
            foreach (var entity in entities.Values)
            {
                entity.Tell(message);
            }
        });
        Receive<ControlStreamProtocol.Passivate>(OnPassivate);
        Receive<Terminated>(OnTerminated);
    }

    /// <summary>An entity that fails loses its control session, which comes back by itself; the others do not notice.</summary>
    protected override SupervisorStrategy SupervisorStrategy() => new OneForOneStrategy(10, TimeSpan.FromMinutes(1), Decider.From(Directive.Restart));

    protected override void PreStart()
    {
        var self = Self;
        edgesChanged = () => self.Tell(ControlStreamProtocol.EdgesChanged.Instance);
        services.Edges.Changed += edgesChanged;
    }

    protected override void PostStop() => services.Edges.Changed -= edgesChanged;

    private void Route(ConnectorId connectorId, object message, bool create)
    {
        if (held.TryGetValue(connectorId, out var waiting))
        {
            if (waiting.Count < MaxHeld)
            {
                waiting.Add((message, Sender));
            }
        }
        else if (entities.TryGetValue(connectorId, out var entity))
        {
            entity.Forward(message);
        }
        else if (create)
        {
            entity = Context.Watch(Context.ActorOf(ConnectorActor.Props(connectorId, services), NameOf(connectorId)));
            entities.Add(connectorId, entity);
            ids.Add(entity, connectorId);
            entity.Forward(message);
        }
    }

    private void OnPassivate(ControlStreamProtocol.Passivate passivate)
    {
        if (entities.TryGetValue(passivate.ConnectorId, out var entity) && held.TryAdd(passivate.ConnectorId, []))
        {
            entity.Tell(PoisonPill.Instance);
        }
    }

    private void OnTerminated(Terminated terminated)
    {
        if (!ids.Remove(terminated.ActorRef, out var connectorId))
        {
            return;
        }

        entities.Remove(connectorId);
        if (!held.Remove(connectorId, out var waiting))
        {
            log.Error("Connector {ConnectorId}: its entity failed too often and was stopped; it is made again with its next claim", connectorId);
            return;
        }

        foreach (var (message, sender) in waiting)
        {
            Self.Tell(message, sender);
        }
    }

    /// <summary>Connector ids are UUIDs; anything else is still one valid path element.</summary>
    private static string NameOf(ConnectorId connectorId) => Uri.EscapeDataString(connectorId.Value);
}
