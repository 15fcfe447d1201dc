using Akka.Actor;
using Akka.Hosting;
using Connector.Actors.Control;
using Connector.Actors.Discovery;
using Connector.Actors.Group;
using Connector.Actors.Health;
using Connector.Actors.Logs;
using Connector.Actors.State;
using Connector.Protocol.Ids;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Connector.Actors.Registration;

/// <summary>Builds a replica's actor system <c>data</c>.</summary>
public static class ConnectorActorsExtensions
{
    public const string SystemName = "data";

    /// <summary>The actor system, the shipping of logs and the health endpoint.</summary>
    public static IServiceCollection AddConnectorActors(this IServiceCollection services, ConnectorActorsOptions options)
    {
        ThreadReserve.Keep(options.MinimumThreads);
        var inlet = new LogInlet();
        services.TryAddSingleton(inlet);
        services.AddSingleton<ILoggerProvider>(new ShippedLoggerProvider(inlet, options.Time, options.ShippedLogLevel));

        // The host ends a service that takes longer, whatever the phases say.
        services.PostConfigure<HostOptions>(host =>
        {
            var longest = ReplicaShutdown.Longest(options.DrainGrace);
            if (host.ShutdownTimeout < longest)
                host.ShutdownTimeout = longest;
        });

        // Before the actors: services stop in the opposite order, and the endpoint is to say "draining" until ReplicaShutdown ends it.
        if (options.Health is { } address)
        {
            services.AddSingleton(provider => new HealthEndpoint(address, cancellation => AskHealth(provider, cancellation)));
            services.AddHostedService(provider => provider.GetRequiredService<HealthEndpoint>());
        }

        services.AddAkka(SystemName, (akka, provider) => akka.AddConnectorActors(provider, options));
        return services;
    }

    /// <summary>Only the actor system; the provider must hold an ILoggerFactory and the <see cref="LogInlet"/> that the loggers feed.</summary>
    public static AkkaConfigurationBuilder AddConnectorActors(
        this AkkaConfigurationBuilder akka, IServiceProvider provider, ConnectorActorsOptions options)
    {
        akka.AddSetup(new MicrosoftLoggingSetup(provider.GetRequiredService<ILoggerFactory>()));

        // Prepended last wins.
        akka.AddHocon(EmbeddedHocon.Dispatchers, HoconAddMode.Prepend);
        akka.AddHocon(EmbeddedHocon.Shutdown, HoconAddMode.Prepend);
        akka.AddHocon(ReplicaShutdown.Timeouts(options.DrainGrace), HoconAddMode.Prepend);
        akka.AddHocon(EmbeddedHocon.Logging, HoconAddMode.Prepend);
        akka.AddHocon(EmbeddedHocon.Serialization, HoconAddMode.Prepend);
        if (options.StateFile is { } stateFile)
            akka.AddHocon(PersistenceHocon.For(StateFile.ConnectionTo(stateFile)), HoconAddMode.Prepend);
        if (options.ExtraHocon.Length > 0)
            akka.AddHocon(options.ExtraHocon, HoconAddMode.Prepend);

        return akka.WithActors((system, registry) => Start(system, registry, provider, options));
    }

    private static void Start(ActorSystem system, IActorRegistry registry, IServiceProvider provider, ConnectorActorsOptions options)
    {
        var session = options.Session;

        // Health first, so that it hears everything the others publish.
        var health = system.ActorOf(
            HealthActor.Props(
                new HealthSubject(session.ReplicaId, session.ConnectorId, session.BootId, session.Version)
                {
                    Streams = options.Streams,
                    Role = options.Group is null ? GroupRole.Lone : GroupRole.Ungrouped,
                    DrainTimeout = options.DrainGrace,
                },
                options.Time),
            "health");
        if (options.SessionStopped is { } stopped)
            system.ActorOf(SessionEndActor.Props(e => stopped(provider, e)), "session-end");
        var stateFile = options.StateFile is { } path
            ? system.ActorOf(
                StateFileActor.Props(
                    new StateFile(path, session.ConnectorId, session.ReplicaId, options.Time), StateFileSettings.Default, Random.Shared.NextDouble),
                "state-file")
            : ActorRefs.Nobody;
        var logs = system.ActorOf(
            LogShipperActor.Props(provider.GetRequiredService<LogInlet>(), options.LogLimits, session.ReplicaId.Value, session.BootId, stateFile), "logs");
        var sockets = system.ActorOf(options.Sockets(provider, system), "sockets");
        var links = system.ActorOf(options.Links(provider, system, sockets), "links");
        var state = system.ActorOf(
            DesiredStateActor.Props(
                new DesiredStatePeers(sockets, links, stateFile),
                new ReplicaIdentity(session.ConnectorId, session.ReplicaId, KeyThumbprint.Of(session.Key.SubjectPublicKeyInfo.Span)),
                JournalLimits.Default,
                options.Time),
            "state");
        var agent = system.ActorOf(ReplicaAgentActor.Props(session, new ControlSessionPeers(state, sockets, logs), options.Time), "agent");
        var control = options.Group is { } group
            ? system.ActorOf(
                GroupActor.Props(
                    new GroupDependencies(
                        group, session, options.Transport(provider), options.Verdicts?.Invoke(provider) ?? throw new ArgumentException("a replica of a group needs somebody to ask for verdicts", nameof(options)),
                        new MicrosoftLoggingSetup(provider.GetRequiredService<ILoggerFactory>()), options.Time, Random.Shared.NextDouble)
                    {
                        Discovery = options.Discovery is { } plugins ? PluginSupervisor.Props(plugins, state, agent) : null,
                    },
                    agent),
                "group")
            : system.ActorOf(ControlSessionActor.Props(session, options.Transport(provider), null, options.Time, Random.Shared.NextDouble), "control");
        if (options.Group is null)
        {
            agent.Tell(new ReplicaAgentProtocol.UseSession(control));
            if (options.Discovery is { } discovery)
                system.ActorOf(PluginSupervisor.Props(discovery, state, agent), "discovery");
            system.EventStream.Publish(new GroupStatusChanged(GroupRole.Lone, 0, [], "", options.Time.GetUtcNow()));
        }

        registry.Register<ConnectorActorKeys.Health>(health);
        registry.Register<ConnectorActorKeys.Logs>(logs);
        registry.Register<ConnectorActorKeys.Sockets>(sockets);
        registry.Register<ConnectorActorKeys.Links>(links);
        registry.Register<ConnectorActorKeys.State>(state);
        if (options.Group is null)
            registry.Register<ConnectorActorKeys.Control>(control);
        else
            registry.Register<ConnectorActorKeys.Group>(control);
        new ReplicaShutdown
        {
            System = system,
            Health = health,
            Links = links,
            Control = control,
            Streams = options.Streams,
            DrainGrace = options.DrainGrace,
            Time = options.Time,
            LeaveGroup = options.Group is null ? null : () => control.Ask<GroupProtocol.GroupLeft>(GroupProtocol.LeaveGroup.Instance),
            CloseState = () => StateShutdown.CloseAsync(state),
            HandOver = async () =>
            {
                if (provider.GetService<HealthEndpoint>() is { } endpoint)
                    await endpoint.EndAsync().ConfigureAwait(false);
                if (options.HandOver is { } handOver)
                    await handOver().ConfigureAwait(false);
            },
        }.AddTasks();
    }

    private static async Task<HealthProtocol.HealthState?> AskHealth(IServiceProvider provider, CancellationToken cancellationToken)
    {
        try
        {
            // Asked for earlier, the registry would start the actors in the middle of the host's start.
            if (!provider.GetRequiredService<IHostApplicationLifetime>().ApplicationStarted.IsCancellationRequested)
                return null;
            return provider.GetRequiredService<ActorRegistry>().TryGet<ConnectorActorKeys.Health>(out var health)
                ? await health.Ask<HealthProtocol.HealthState>(HealthProtocol.GetHealth.Instance, TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false)
                : null;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }
}
