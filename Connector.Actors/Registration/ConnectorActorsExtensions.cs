using Akka.Actor;
using Akka.Hosting;
using Connector.Actors.Control;
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
        KeepThreadsForBlockedOnes(options.MinimumThreads);
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

        services.AddAkka(SystemName, (akka, provider) => akka.AddConnectorActors(provider, options));
        if (options.Health is { } address)
        {
            services.AddSingleton(provider => new HealthEndpoint(address, cancellation => AskHealth(provider, cancellation)));
            services.AddHostedService(provider => provider.GetRequiredService<HealthEndpoint>());
        }

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
            HealthActor.Props(session.ReplicaId, session.ConnectorId, session.BootId, session.Version, options.Time), "health");
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
        var holding = system.ActorOf(HoldingLinks.Props(state), "holding-links");
        var control = system.ActorOf(
            ControlSessionActor.Props(
                session, options.Transport(provider), new ControlSessionPeers(state, sockets, holding, logs), options.Time, Random.Shared.NextDouble),
            "control");

        registry.Register<ConnectorActorKeys.Health>(health);
        registry.Register<ConnectorActorKeys.Logs>(logs);
        registry.Register<ConnectorActorKeys.Sockets>(sockets);
        registry.Register<ConnectorActorKeys.Links>(links);
        registry.Register<ConnectorActorKeys.State>(state);
        registry.Register<ConnectorActorKeys.Control>(control);
        ReplicaShutdown.AddTasks(system, health, links, control, options.DrainGrace);
        StateShutdown.AddTask(system, state);
    }

    private static async Task<HealthProtocol.HealthState?> AskHealth(IServiceProvider provider, CancellationToken cancellationToken)
    {
        try
        {
            return provider.GetRequiredService<ActorRegistry>().TryGet<ConnectorActorKeys.Health>(out var health)
                ? await health.Ask<HealthProtocol.HealthState>(HealthProtocol.GetHealth.Instance, TimeSpan.FromSeconds(1), cancellationToken).ConfigureAwait(false)
                : null;
        }
        catch (AskTimeoutException)
        {
            return null;
        }
    }

    // See dispatchers.conf. Process-wide, only ever raised.
    private static void KeepThreadsForBlockedOnes(int wanted)
    {
        ThreadPool.GetMinThreads(out var workers, out var completion);
        if (workers < wanted)
            ThreadPool.SetMinThreads(wanted, completion);
    }
}
