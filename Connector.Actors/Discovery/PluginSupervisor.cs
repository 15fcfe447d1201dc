using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.State;
using Connector.Protocol.Ids;
using static Connector.Actors.Discovery.DiscoveryProtocol;

namespace Connector.Actors.Discovery;

/// <summary>
/// Runs the enabled plugins, one actor each: of the whole group where there is one. What one of them does touches no other; one that fails again and again
/// is left alone until its next configuration.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "An actor ends in PostStop, not in Dispose.")]
internal sealed class PluginSupervisor : ReceiveActor
{
    private const int MostRestarts = 5;
    private static readonly TimeSpan RestartWindow = TimeSpan.FromMinutes(10);

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly DiscoverySettings settings;
    private readonly IActorRef state;
    private readonly IActorRef agent;
    private readonly ResourceDials dials;
    private readonly CancellationTokenSource stopping = new();
    private readonly Dictionary<PluginId, (PluginDefinition Definition, IActorRef Actor)> running = [];
    private long made;
    private bool dialing;

    /// <param name="state">DesiredStateActor of this replica.</param>
    /// <param name="agent">ReplicaAgentActor of this replica.</param>
    public static Props Props(DiscoverySettings settings, IActorRef state, IActorRef agent) => Akka.Actor.Props.Create(() => new PluginSupervisor(settings, state, agent));

    public PluginSupervisor(DiscoverySettings settings, IActorRef state, IActorRef agent)
    {
        this.settings = settings;
        this.state = state;
        this.agent = agent;
        dials = new ResourceDials(settings.Dialer);
        Running();
    }

    private void Running()
    {
        Receive<PluginsWanted>(Apply);
        Receive<DiscoverNow>(m =>
        {
            if (running.TryGetValue(m.PluginId, out var plugin))
                plugin.Actor.Tell(m);
            else
                log.Warning("a scan of plugin {PluginId} was asked for, which this replica does not run", m.PluginId.Value);
        });
        Receive<ReportsTaken>(m =>
        {
            foreach (var (_, actor) in running.Values)
                actor.Tell(m);
        });
        Receive<Dial>(m =>
        {
            // They are asked for again after the next scan.
            if (dialing)
                return;
            dialing = true;
            var self = Self;
            dials.DialAsync(m.Resources, stopping.Token).PipeTo(
                self, self, success: answer => new Dialed(new Report(Dialing, [answer])), failure: _ => new Dialed(null));
        });
        Receive<Dialed>(m =>
        {
            dialing = false;
            if (m.Report is { } report)
                agent.Tell(report);
        });
        Receive<NotTaken>(_ => { });
        Receive<DesiredStateProtocol.PluginStatusChanged>(m => agent.Tell(m));
        Receive<Report>(m => agent.Forward(m));
        Receive<PluginActor.Restarted>(_ =>
        {
            if (running.Values.FirstOrDefault(plugin => plugin.Actor.Equals(Sender)) is { Actor: not null } plugin)
                plugin.Actor.Tell(new PluginActor.Configure(plugin.Definition));
        });
        Receive<Terminated>(m =>
        {
            if (running.FirstOrDefault(entry => entry.Value.Actor.Equals(m.ActorRef)) is { Value.Actor: not null } entry)
            {
                running.Remove(entry.Key);
                agent.Tell(new DesiredStateProtocol.PluginStatusChanged(entry.Key, PluginStates.Failed, "it failed again and again; it is started anew with its next configuration"));
            }
        });
    }

    private void Apply(PluginsWanted wanted)
    {
        var ids = wanted.Plugins.Select(static plugin => plugin.Id).ToHashSet();
        foreach (var (id, (_, actor)) in running.Where(entry => !ids.Contains(entry.Key)).ToArray())
        {
            running.Remove(id);
            Context.Unwatch(actor);
            actor.Tell(PluginActor.Stop.Instance);
            agent.Tell(new DesiredStateProtocol.PluginStatusChanged(id, PluginStates.Gone, "deleted or switched off"));
        }

        foreach (var plugin in wanted.Plugins)
        {
            if (running.TryGetValue(plugin.Id, out var known))
            {
                if (known.Definition == plugin)
                    continue;
                running[plugin.Id] = (plugin, known.Actor);
                known.Actor.Tell(new PluginActor.Configure(plugin));
                continue;
            }

            // A number: its predecessor under this id may not have ended yet.
            var actor = Context.ActorOf(PluginActor.Props(settings), $"plugin-{++made}");
            Context.Watch(actor);
            running.Add(plugin.Id, (plugin, actor));
            actor.Tell(new PluginActor.Configure(plugin));
        }
    }

    protected override SupervisorStrategy SupervisorStrategy()
        => new OneForOneStrategy(
            MostRestarts, RestartWindow,
            Decider.From(e =>
            {
                log.Error(e, "a plugin failed; it is started again, and the others are not touched");
                return Directive.Restart;
            }));

    protected override void PreStart()
    {
        state.Tell(WatchPlugins.Instance);
        agent.Tell(new UseDiscovery(Self));
    }

    protected override void PostStop()
    {
        stopping.Cancel();
        stopping.Dispose();
    }

    private static readonly object Dialing = new();

    private sealed record Dialed(Report? Report) : INoSerializationVerificationNeeded;
}
