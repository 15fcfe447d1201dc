using System.Globalization;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Cluster.Tools.Singleton;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;
using Connector.Actors.Control;
using Connector.Actors.Registration;
using Connector.Protocol.Ids;

namespace Connector.Actors.Group;

/// <summary>One life of the actor system <c>group</c>: cluster, remoting, and the singleton with the control session.</summary>
internal sealed class GroupSystem
{
    public const string Name = "group";

    private GroupSystem(ActorSystem system, GroupSystemSetup setup, IActorRef bridge)
    {
        System = system;
        Setup = setup;
        Bridge = bridge;
    }

    public ActorSystem System { get; }

    public GroupSystemSetup Setup { get; }

    /// <summary>Where this replica's agent finds the control session.</summary>
    public IActorRef Bridge { get; }

    /// <param name="group">The GroupActor, which is told what becomes of it.</param>
    /// <exception cref="InvalidOperationException">It could not start: the port is in use, or TLS does not work; the reason is for people.</exception>
    public static GroupSystem Start(GroupDependencies dependencies, IActorRef group, IActorRef agent)
    {
        var identity = new GroupIdentity(dependencies.Session, GroupBootId.New());
        var setup = new GroupSystemSetup(identity, dependencies.Verdicts, dependencies.Settings.Timing, dependencies.Time);
        var parts = ActorSystemSetup.Create(
            BootstrapSetup.Create().WithConfig(Configuration(dependencies, identity)), setup, dependencies.Logging);
        if (dependencies.Settings.Tls is { } tls)
            parts = parts.And(Ssl(tls));
        ActorSystem system;
        try
        {
            system = ActorSystem.Create(Name, parts);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"the group's remoting could not start on {dependencies.Settings.Host}:{dependencies.Settings.Port}: {Root(e).Message.TrimEnd('.')}; is the port in use, perhaps by another replica?", e);
        }

        try
        {
            dependencies.Started(system);
            return new GroupSystem(system, setup, Populate(system, dependencies, setup, group, agent));
        }
        catch
        {
            _ = system.Terminate();
            throw;
        }
    }

    private static IActorRef Populate(ActorSystem system, GroupDependencies dependencies, GroupSystemSetup setup, IActorRef group, IActorRef agent)
    {
        var settings = ClusterSingletonManagerSettings.Create(system);
        system.ActorOf(
            ClusterSingletonManager.Props(
                ControlSessionActor.Props(dependencies.Session, dependencies.Transport, setup.Identity.GroupBootId, dependencies.Time, dependencies.Random),
                ControlSessionProtocol.LeaveSession.Instance,
                settings.WithSingletonName("session")),
            "control");
        if (dependencies.Discovery is { } discovery)
            system.ActorOf(ClusterSingletonManager.Props(discovery, PoisonPill.Instance, settings.WithSingletonName("plugins")), "discovery");
        var proxy = system.ActorOf(
            ClusterSingletonProxy.Props("/user/control", ClusterSingletonProxySettings.Create(system).WithSingletonName("session")), "control-proxy");
        var bridge = system.ActorOf(BridgeActor.Props(setup.Identity.GroupBootId, agent, proxy), "bridge");
        system.ActorOf(QuarantineActor.Props(setup.Identity.GroupBootId, group), "quarantine");
        system.ActorOf(DoorActor.Props(setup), DoorActor.Name);
        system.ActorOf(MembershipActor.Props(dependencies.Settings, setup, group, agent, dependencies.Random), "membership");
        return bridge;
    }

    private static Config Configuration(GroupDependencies dependencies, GroupIdentity identity)
    {
        var settings = dependencies.Settings;
        var timing = settings.Timing;
        var own = ConfigurationFactory.ParseString(
            $$"""
            akka.remote.dot-netty.tcp {
              hostname = "{{Quoted(settings.Host)}}"
              port = {{settings.Port}}
              public-hostname = "{{Quoted(settings.Self.Host)}}"
              enable-ssl = {{(settings.Tls is null ? "off" : "on")}}
            }
            akka.cluster {
              roles = [{{string.Join(", ", identity.Roles.Select(role => $"\"{Quoted(role)}\""))}}]
              gossip-interval = {{Milliseconds(timing.Gossip)}}
              leader-actions-interval = {{Milliseconds(timing.Gossip)}}
              unreachable-nodes-reaper-interval = {{Milliseconds(timing.Gossip)}}
              failure-detector.heartbeat-interval = {{Milliseconds(timing.Heartbeat)}}
              failure-detector.acceptable-heartbeat-pause = {{Milliseconds(timing.AcceptablePause)}}
            }
            """);
        return ConfigurationFactory.ParseString(dependencies.ExtraHocon)
            .WithFallback(own)
            .WithFallback(EmbeddedHocon.Group)
            .WithFallback(EmbeddedHocon.Serialization)
            .WithFallback(EmbeddedHocon.Logging)
            .WithFallback(ClusterSingleton.DefaultConfig());
    }

    private static DotNettySslSetup Ssl(GroupTls tls)
    {
        var check = new GroupCertificateCheck(tls.Authority);
        return new DotNettySslSetup(
            tls.Certificate, suppressValidation: false, requireMutualAuthentication: true, (certificate, _, peer, _, log) => check.IsOfGroup(certificate, peer, log));
    }

    private static Exception Root(Exception exception)
    {
        while (exception.InnerException is { } inner)
            exception = inner;
        return exception;
    }

    private static string Quoted(string text) => text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal);

    private static string Milliseconds(TimeSpan span) => string.Create(CultureInfo.InvariantCulture, $"{(long)span.TotalMilliseconds} ms");
}
