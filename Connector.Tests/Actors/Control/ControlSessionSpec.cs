using System.Security.Cryptography;
using Akka.Actor;
using Akka.TestKit;
using Connector.Actors.Control;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Connector.Actors.Control.ControlSessionProtocol;
using TestKit = Akka.TestKit.Xunit.TestKit;

namespace Connector.Tests.Actors.Control;

/// <summary>One control session in virtual time, with probes around it.</summary>
public abstract class ControlSessionSpec : TestKit
{
    private const string Hocon = TestKitHocon.Patient +
        """
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        akka.loglevel = WARNING
        akka.stdout-loglevel = OFF
        akka.log-dead-letters = off
        """;

    protected static readonly ReplicaId Replica = new("replica-1");

    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private readonly ControlSessionSettings settings;

    private protected ControlSessionSpec()
        : base(Hocon)
    {
        settings = new ControlSessionSettings
        {
            ConnectorId = new ConnectorId("connector-1"),
            ReplicaId = Replica,
            BootId = BootId.New(),
            Key = new ReplicaKey(Key),
            Version = "1.2.3",
            Metadata = new ReplicaMetadata("1.2.3", "20260101", "host", "linux", "linux-x64", "test", "6.1", "X64"),
        };
        State = CreateTestProbe("state");
        Sockets = CreateTestProbe("sockets");
        Logs = CreateTestProbe("logs");
        Statuses = CreateTestProbe("statuses");
        Sys.EventStream.Subscribe(Statuses.Ref, typeof(ControlSessionStatusChanged));
        Sys.EventStream.Subscribe(Statuses.Ref, typeof(ControlSessionStopped));
    }

    private protected ECDsa Key { get; } = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private protected FakeControlTransport Transport { get; } = new();

    private protected TestProbe State { get; }

    private protected TestProbe Sockets { get; }

    private protected TestProbe Logs { get; }

    private protected TestProbe Statuses { get; }

    private protected double Random { get; set; } = 0.5;

    private protected IActorRef Session { get; private set; } = ActorRefs.Nobody;

    private protected IActorRef Agent { get; private set; } = ActorRefs.Nobody;

    /// <param name="state">Null: the state does not answer what is held.</param>
    private protected IActorRef Start(DesiredStateVersion? state)
    {
        Agent = Sys.ActorOf(ReplicaAgentActor.Props(settings, new ControlSessionPeers(State, Sockets, Logs), time), "agent");
        State.ExpectMsg<DesiredStateProtocol.GetDesiredState>();
        if (state is { } version)
            Hold(version);
        StartSession();
        Agent.Tell(new ReplicaAgentProtocol.UseSession(Session));
        Settle();
        Assert.Equal(ControlSessionState.Connecting, Statuses.ExpectMsg<ControlSessionStatusChanged>().State);
        return Session;
    }

    /// <summary>Without an agent.</summary>
    private protected void StartSession()
    {
        Session = Sys.ActorOf(ControlSessionActor.Props(settings, Transport, null, time, () => Random), "control");
        var probe = CreateTestProbe();
        Session.Tell(new Identify("started"), probe);
        probe.ExpectMsg<ActorIdentity>();
    }

    private protected IActorRef Start() => Start(DesiredStateVersion.None);

    /// <summary>The state's word of what an earlier start left.</summary>
    private protected void Hold(DesiredStateVersion version) => Agent.Tell(new DesiredStateProtocol.DesiredStateState(version, 0, []), State);

    private protected void Advance(TimeSpan by)
    {
        time.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
    }

    /// <summary>Returns when everything that is in the actor's mailbox now was handled.</summary>
    private protected void Settle()
    {
        // Session and agent speak to each other: there and back, twice.
        var probe = CreateTestProbe();
        for (var i = 0; i < 2; i++)
        {
            foreach (var actor in (IActorRef[])[Agent, Session])
            {
                actor.Tell(new Identify("settle"), probe);
                probe.ExpectMsg<ActorIdentity>();
            }
        }
    }

    private protected ControlSessionStatusChanged ExpectStatus(ControlSessionState state)
    {
        var status = Statuses.ExpectMsg<ControlSessionStatusChanged>();
        Assert.Equal(state, status.State);
        return status;
    }

    /// <summary>Claim accepted, configuration applied.</summary>
    private protected FakeControlConnection GoOnline(long version = 1, bool knowsOurFeatures = true)
    {
        var attempt = Transport.Next();
        var connection = attempt.Succeed(knowsOurFeatures);
        connection.Push(Accept(7));
        connection.Push(Init(version));
        Apply<DesiredStateProtocol.ApplyInit>(m => m.Attempt, version);
        ExpectStatus(ControlSessionState.Online);
        return connection;
    }

    private protected void Apply<TApply>(Func<TApply, int> attempt, long version)
    {
        var apply = State.ExpectMsg<TApply>();
        Agent.Tell(new DesiredStateProtocol.DesiredStateApplied(attempt(apply), new DesiredStateVersion("a", version)), State);
    }

    private protected static ControlStreamResponse Accept(long epoch) => new() { HelloAck = new HelloAck { Epoch = epoch } };

    private protected static ControlStreamResponse Init(long version, int heartbeat = 10) => new()
    {
        Init = new Init
        {
            ConnectorConfig = new ConnectorConfig { HeartbeatInterval = heartbeat, Organization = new Organization { Certificates = new Struct() } },
            ConfigVersion = new ConfigVersion { Incarnation = "a", Number = version },
        },
    };

    private protected static ControlStreamResponse Update(long version, string id = "s") => new()
    {
        UpdateConfig = new UpdateConfig
        {
            Action = Connector.Protocol.Control.Wire.Action.Update,
            SocketConfig = new SocketConfig { Id = id, Name = id, Type = "tls", Config = new Struct() },
            ConfigVersion = new ConfigVersion { Incarnation = "a", Number = version },
        },
    };

    protected override void AfterAll()
    {
        base.AfterAll();
        Key.Dispose();
    }
}
