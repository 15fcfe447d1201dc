using System.Collections.Immutable;
using Akka.Actor;
using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Actors.Sockets.Checks;
using Connector.Actors.State;
using Connector.Protocol.Ids;
using static Connector.Actors.Health.HealthProtocol;

namespace Connector.Actors.Health;

/// <summary>Collects what the others publish, so that one question tells how this replica is. Asks nobody: it answers also when others hang.</summary>
internal sealed class HealthActor : ReceiveActor
{
    public static Props Props(HealthSubject subject, TimeProvider time) => Akka.Actor.Props.Create(() => new HealthActor(subject, time));

    private readonly HealthSubject subject;
    private readonly DateTimeOffset startedAt;

    private const int MostLinks = 256;

    // Sockets are bounded by the desired state: what is gone leaves.
    private readonly SortedDictionary<string, SocketSupervisorProtocol.SocketStatusChanged> sockets = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, LinkSupervisorProtocol.LinkStatusChanged> links = new(StringComparer.Ordinal);
    private readonly Dictionary<SocketId, Lamp> upstreams = [];
    private readonly Dictionary<EdgeId, LinkPath> paths = [];
    private readonly TimeProvider time;
    private ControlSessionProtocol.ControlPlaneHeard? heard;
    private ControlSessionProtocol.ControlSessionStatusChanged? session;
    private DesiredStateVersion configVersion = DesiredStateVersion.None;
    private GroupStatusChanged group;
    private bool configured;
    private bool draining;

    public HealthActor(HealthSubject subject, TimeProvider time)
    {
        this.subject = subject;
        this.time = time;
        startedAt = time.GetUtcNow();
        group = new GroupStatusChanged(subject.Role, 0, [], subject.Role == GroupRole.Ungrouped ? "the group is starting" : "", startedAt);
        Collecting();
    }

    private void Collecting()
    {
        Receive<SocketSupervisorProtocol.SocketStatusChanged>(m =>
        {
            if (m.State == "gone")
            {
                sockets.Remove(m.SocketId.Value);
                upstreams.Remove(m.SocketId);
            }
            else
            {
                sockets[m.SocketId.Value] = m;
            }
        });
        Receive<UpstreamCheckProtocol.UpstreamLampsChanged>(m =>
        {
            foreach (var (socketId, lamp) in m.Lamps)
            {
                // Late, of a socket that is gone: its entry would stay for good.
                if (sockets.ContainsKey(socketId.Value))
                    upstreams[socketId] = lamp;
            }
        });
        Receive<LinkPath>(m =>
        {
            if (m.Lamp is null)
                paths.Remove(m.EdgeId);
            else
                paths[m.EdgeId] = m;
        });
        Receive<ControlSessionProtocol.ControlPlaneHeard>(m => heard = m);
        Receive<LinkSupervisorProtocol.LinkStatusChanged>(m =>
        {
            links[m.EdgeId.Value] = m;

            // Edges come and go over months; those without a link are forgotten first.
            if (links.Count > MostLinks && links.Values.FirstOrDefault(l => !l.Connected) is { } old)
                links.Remove(old.EdgeId.Value);
        });
        Receive<ControlSessionProtocol.ControlSessionStatusChanged>(m => session = m);
        Receive<GroupStatusChanged>(m => group = m);
        Receive<DesiredStateProtocol.DesiredStateChanged>(m =>
        {
            configured = true;
            configVersion = m.Version;
        });
        Receive<DrainBegun>(_ => draining = true);
        Receive<GetHealth>(_ => Sender.Tell(State()));
    }

    private HealthState State()
    {
        var (now, wall) = (Lamp.Now(time), time.GetUtcNow());
        var control = LampDecision.Control(group, session, heard, now, wall, startedAt);
        var streams = subject.Streams.State();
        return new HealthState(
            subject.ReplicaId, subject.ConnectorId, subject.BootId, subject.Version, startedAt, configured, draining, configVersion, session,
            [.. sockets.Values.Select(socket => socket with { LiveStreams = streams.PerSocket.GetValueOrDefault(socket.SocketId) })],
            [.. links.Values])
        {
            Group = group,
            Streams = streams,
            DrainTimeout = subject.DrainTimeout,
            Control = control,
            Paths = paths.ToImmutableDictionary(path => path.Key, path => path.Value.Lamp!.Read(now)),
            Lamps =
            [
                .. sockets.Values.Select(socket => new SocketLamps(
                    socket.SocketId,
                    control,
                    LinkPath.Worst(socket.SocketId, paths.Values, startedAt).Read(now),
                    LampDecision.Upstream(socket, upstreams.GetValueOrDefault(socket.SocketId), now))),
            ],
        };
    }

    protected override void PreStart()
    {
        var events = Context.System.EventStream;
        events.Subscribe(Self, typeof(SocketSupervisorProtocol.SocketStatusChanged));
        events.Subscribe(Self, typeof(LinkSupervisorProtocol.LinkStatusChanged));
        events.Subscribe(Self, typeof(ControlSessionProtocol.ControlSessionStatusChanged));
        events.Subscribe(Self, typeof(DesiredStateProtocol.DesiredStateChanged));
        events.Subscribe(Self, typeof(UpstreamCheckProtocol.UpstreamLampsChanged));
        events.Subscribe(Self, typeof(LinkPath));
        events.Subscribe(Self, typeof(ControlSessionProtocol.ControlPlaneHeard));
        events.Subscribe(Self, typeof(GroupStatusChanged));
    }

    protected override void PostStop() => Context.System.EventStream.Unsubscribe(Self);
}
