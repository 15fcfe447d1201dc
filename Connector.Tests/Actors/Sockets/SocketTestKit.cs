using System.Net;
using System.Net.Sockets;
using Akka.Actor;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Connector.Actors.Reach;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Actors.Sockets;

/// <summary>A SocketSupervisor in virtual time, with a dialer and a resolver that the test steers.</summary>
public abstract class SocketTestKit : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    protected SocketTestKit()
        : base(TestKitHocon.Patient + """
            akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
            akka.loglevel = WARNING
            akka.log-dead-letters = off
            """)
    {
        Status = CreateTestProbe();
        Sys.EventStream.Subscribe(Status, typeof(SocketSupervisorProtocol.SocketStatusChanged));
        Supervisor = Sys.ActorOf(
            SocketSupervisor.Props(new SocketDependencies(_ => null!, Dialer, Resolver, Settings, Time)), "sockets");
    }

    protected FakeTimeProvider Time { get; } = new();

    private protected ScriptedDialer Dialer { get; } = new();

    private protected ScriptedResolver Resolver { get; } = new();

    protected virtual SocketSettings Settings => SocketSettings.Default;

    protected TestProbe Status { get; }

    protected IActorRef Supervisor { get; }

    /// <summary>One clock for Akka's timers and for the code's own.</summary>
    protected void Advance(TimeSpan by)
    {
        Time.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
    }

    protected void Apply(long version, params SocketDefinition[] sockets)
        => Supervisor.Tell(new SocketSupervisorProtocol.ApplySockets(new DesiredStateVersion("test", version), [.. sockets]));

    protected static SocketDefinition Socket(string id, string config = "up:1", string? name = null) => new(new SocketId(id), name ?? $"name-{id}", "tls", config);

    /// <summary>Reads states until the socket has this one; what comes before is skipped.</summary>
    protected SocketSupervisorProtocol.SocketStatusChanged ExpectState(string id, string state)
        => (SocketSupervisorProtocol.SocketStatusChanged)Status.FishForMessage(
            m => m is SocketSupervisorProtocol.SocketStatusChanged s && s.SocketId.Value == id && s.State == state, Patience);

    /// <summary>Applies sockets that are all new or changed, and waits until they serve.</summary>
    protected void ApplyServing(long version, params SocketDefinition[] sockets)
    {
        Apply(version, sockets);
        ExpectServing(version, [.. sockets.Select(s => s.Id.Value)]);
    }

    protected void ExpectServing(long version, params string[] ids)
    {
        var missing = ids.ToHashSet();
        while (missing.Count > 0)
        {
            var status = Status.ExpectMsg<SocketSupervisorProtocol.SocketStatusChanged>(Patience);
            if (status.State == SocketStates.Serving && status.ConfigVersion == version)
                missing.Remove(status.SocketId.Value);
        }
    }

    /// <summary>The incarnation of a socket's actor: its path with uid. Null when none runs.</summary>
    protected string? Incarnation(string id)
        => ((ActorRefWithCell)Supervisor).Children
            .FirstOrDefault(c => c.Path.Name.StartsWith(id + ".", StringComparison.Ordinal))?.Path.ToStringWithUid();

    private protected ScriptedOffer Offer(string id)
    {
        var offer = new ScriptedOffer(new SocketId(id));
        Supervisor.Tell(new SocketSupervisor.RouteOffer(offer));
        return offer;
    }

    /// <summary>An offer whose stream runs.</summary>
    private protected async Task<ScriptedOffer> OpenAsync(string id)
    {
        var offer = Offer(id);
        await offer.Running.Task.WaitAsync(Patience);
        return offer;
    }

    private protected static Task<T> SoonAsync<T>(TaskCompletionSource<T> source) => source.Task.WaitAsync(Patience);

    protected static Socket NewSocket() => new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    private protected static Task<DialOutcome> Connected(Socket socket)
        => Task.FromResult<DialOutcome>(new DialOutcome.Connected(socket, new IPEndPoint(IPAddress.Loopback, 1)));
}
