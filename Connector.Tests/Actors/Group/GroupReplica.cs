using System.Collections.Concurrent;
using System.Security.Cryptography;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote;
using Akka.Remote.Transport;
using Connector.Actors.Control;
using Connector.Actors.Group;
using Connector.Actors.Logs;
using Connector.Actors.Registration;
using Connector.Actors.State;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;
using Connector.Tests.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Tests.Actors.Group;

/// <summary>One replica as far as its group is concerned: agent and group actor in a data system of its own, and what it was told.</summary>
internal sealed class GroupReplica : IAsyncDisposable
{
    private const string Hocon = "akka.loglevel = INFO";

    private readonly ActorSystem data;
    private readonly ECDsa key;
    private readonly ControlPlaneFixture.CollectedLog log;
    private readonly LoggerFactory loggers;
    private volatile ActorSystem? group;

    private GroupReplica(int number, GroupPeer self, ECDsa key, ActorSystem data, ControlPlaneFixture.CollectedLog log, LoggerFactory loggers)
    {
        this.log = log;
        this.loggers = loggers;
        Number = number;
        Self = self;
        this.key = key;
        this.data = data;
    }

    public int Number { get; }

    public GroupPeer Self { get; }

    public ReplicaId Id => new($"replica-{Number}");

    public SwitchedControlPlane ControlPlane { get; private set; } = null!;

    public GroupStatusChanged? Status { get; private set; }

    public ControlSessionProtocol.ControlSessionStatusChanged? Session { get; private set; }

    /// <summary>What the stub of /state was given last.</summary>
    public DesiredStateVersion Held { get; private set; } = DesiredStateVersion.None;

    /// <summary>Sockets by the pushes that came, Init and updates together.</summary>
    public ConcurrentDictionary<string, bool> Sockets { get; } = new();

    public string? Ticket { get; private set; }

    public IActorRef Actor { get; private set; } = ActorRefs.Nobody;

    public ActorSystem? System => group;

    /// <summary>What the group system logged.</summary>
    public IReadOnlyCollection<string> Log => log.Lines;

    public bool IsAlive { get; private set; } = true;

    public static GroupReplica Start(int number, GroupPeer self, IReadOnlyList<GroupPeer> peers, ControlPlaneFixture server, GroupTiming timing)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var loggers = new ControlPlaneFixture.CollectedLog();
        var factory = new LoggerFactory([loggers]);
        var data = ActorSystem.Create(
            "data", ActorSystemSetup.Create(BootstrapSetup.Create().WithConfig(ConfigurationFactory.ParseString(Hocon).WithFallback(EmbeddedHocon.Logging)), new MicrosoftLoggingSetup(factory)));
        var replica = new GroupReplica(number, self, key, data, loggers, factory);
        var replicaKey = new ReplicaKey(key);
        var settings = new ControlSessionSettings
        {
            ConnectorId = ControlPlaneFixture.ConnectorId,
            ReplicaId = replica.Id,
            BootId = BootId.New(),
            Key = replicaKey,
            Version = "1.0.0",
            Metadata = new ReplicaMetadata("1.0.0", "20260101", "host", "linux", "linux-x64", "test", "6.1", "X64"),
        };
        replica.ControlPlane = new SwitchedControlPlane(new GrpcControlTransport(
            new GrpcControlTransportSettings { Server = server.Https, Trust = new ServerTrust(server.Pins), Token = () => new Secret(server.Token()) }, TimeProvider.System, replicaKey));
        var stub = data.ActorOf(Props.Create(() => new Stub(replica)), "stub");
        data.EventStream.Subscribe(stub, typeof(GroupStatusChanged));
        data.EventStream.Subscribe(stub, typeof(ControlSessionProtocol.ControlSessionStatusChanged));
        var agent = data.ActorOf(ReplicaAgentActor.Props(settings, new ControlSessionPeers(stub, stub, stub), TimeProvider.System), "agent");
        var dependencies = new GroupDependencies(
            new GroupSettings(self.Host, self.Port, null, [.. peers], null) { Timing = timing }, settings, replica.ControlPlane, replica.ControlPlane,
            new MicrosoftLoggingSetup(replica.loggers), TimeProvider.System, Random.Shared.NextDouble)
        {
            ExtraHocon = "akka.loglevel = INFO\nakka.remote.dot-netty.tcp.applied-adapters = [trttl]",
            Started = system => replica.group = system,
        };
        replica.Actor = data.ActorOf(GroupActor.Props(dependencies, agent), "group");
        return replica;
    }

    /// <summary>Nothing goes to the other any more, from here.</summary>
    public Task CutAsync(GroupPeer other) => ThrottleAsync(other, Blackhole.Instance);

    public Task HealAsync(GroupPeer other) => ThrottleAsync(other, Unthrottled.Instance);

    /// <summary>As much as SIGKILL as one process can do to a part of itself: streams are reset, peers hear nothing any more.</summary>
    public async Task KillAsync(IEnumerable<GroupPeer> peers)
    {
        IsAlive = false;
        foreach (var peer in peers.Where(peer => peer != Self))
            await CutAsync(peer);
        await ControlPlane.ResetAsync();
        if (group is { } system)
        {
            // Not a good-bye: every task of its shutdown is skipped.
            await ((ExtendedActorSystem)system).Terminate();
        }

        await data.Terminate();
    }

    public Task LeaveAsync() => Actor.Ask<GroupProtocol.GroupLeft>(GroupProtocol.LeaveGroup.Instance, TimeSpan.FromSeconds(20));

    public async ValueTask DisposeAsync()
    {
        if (group is { } system)
            await system.Terminate();
        await data.Terminate();
        key.Dispose();
    }

    private async Task ThrottleAsync(GroupPeer other, ThrottleMode mode)
    {
        if (group is not { } system || system.WhenTerminated.IsCompleted)
            return;
        var own = ((ExtendedActorSystem)system).Provider.DefaultAddress;
        var address = new Address(own.Protocol.Replace(".trttl", "", StringComparison.Ordinal), own.System, other.Host, other.Port);
        await ((IRemoteActorRefProvider)((ExtendedActorSystem)system).Provider).Transport.ManagementCommand(new SetThrottle(address, ThrottleTransportAdapter.Direction.Both, mode)).WaitAsync(TimeSpan.FromSeconds(10));
    }

    /// <summary>Stands for /state, /sockets, /links and /logs.</summary>
    private sealed class Stub : ReceiveActor
    {
        public Stub(GroupReplica replica)
        {
            Receive<GroupStatusChanged>(m => replica.Status = m);
            Receive<ControlSessionProtocol.ControlSessionStatusChanged>(m => replica.Session = m);
            Receive<DesiredStateProtocol.ApplyInit>(m =>
            {
                replica.Sockets.Clear();
                foreach (var socket in m.Init.Sockets)
                    replica.Sockets[socket.Id] = true;
                Applied(m.Attempt, m.Init.ConfigVersion);
            });
            Receive<DesiredStateProtocol.ApplyUpdate>(m =>
            {
                replica.Sockets[m.Update.SocketConfig.Id] = true;
                Applied(m.Attempt, m.Update.ConfigVersion);
            });
            Receive<DesiredStateProtocol.GetDesiredState>(_ => Sender.Tell(new DesiredStateProtocol.DesiredStateState(replica.Held, 0, [])));
            Receive<DesiredStateProtocol.HoldTicket>(m => replica.Ticket = m.Ticket.Reveal());
            ReceiveAny(_ => { });

            void Applied(int attempt, Connector.Protocol.Control.Wire.ConfigVersion version)
            {
                replica.Held = new DesiredStateVersion(version.Incarnation, version.Number);
                Sender.Tell(new DesiredStateProtocol.DesiredStateApplied(attempt, replica.Held));
            }
        }
    }
}
