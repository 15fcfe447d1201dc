using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using static Connector.Actors.State.DesiredStateProtocol;

namespace Connector.Actors.State;

/// <summary>
/// Holds the last desired state and hands it on in order. In memory for now: all that changes state goes through <see cref="Adopt"/>, which is
/// where a journaled actor applies its recovered and persisted events.
/// </summary>
internal sealed class DesiredStateActor : ReceiveActor
{
    public static Props Props(IActorRef sockets, TimeProvider time) => Akka.Actor.Props.Create(() => new DesiredStateActor(sockets, time));

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly IActorRef sockets;
    private readonly TimeProvider time;
    private readonly HashSet<string> announcedRejections = [];
    private DesiredState state = DesiredState.Empty;

    public DesiredStateActor(IActorRef sockets, TimeProvider time)
    {
        this.sockets = sockets;
        this.time = time;
        Holding();
    }

    private void Holding()
    {
        Receive<ApplyInit>(m =>
        {
            ForgetRejections();
            Adopt(state.Apply(m.Init));
            Sender.Tell(new DesiredStateApplied(m.Attempt, state.Version));
        });
        Receive<ApplyUpdate>(m =>
        {
            ForgetRejection(m.Update.SocketConfig?.Id);
            Adopt(state.Apply(m.Update));
            Sender.Tell(new DesiredStateApplied(m.Attempt, state.Version));
        });
        Receive<GetDesiredState>(_ => Sender.Tell(new DesiredStateState(state.Version, state.Sockets.Count, [.. state.Plugins.Values])));
    }

    private void Adopt(DesiredStateChange change)
    {
        var previous = state;
        state = change.State;
        sockets.Tell(new SocketSupervisorProtocol.ApplySockets(state.Version, [.. state.Sockets.Values]));
        AnnouncePlugins(previous.Plugins, state.Plugins);
        foreach (var item in change.Rejected)
            Announce(item);
        Context.System.EventStream.Publish(new DesiredStateChanged(state.Version, state.Sockets.Count, state.Plugins.Count));
    }

    // Discovery is not part of this build: every plugin is kept, and said to be unsupported.
    private void AnnouncePlugins(
        ImmutableSortedDictionary<string, PluginDefinition> previous, ImmutableSortedDictionary<string, PluginDefinition> current)
    {
        foreach (var plugin in current.Values.Where(p => !previous.ContainsKey(p.Id.Value)))
        {
            log.Warning("plugin {PluginId} ({Name}, type {Type}) is not run: discovery is not part of this build", plugin.Id.Value, plugin.Name, plugin.Type);
            Publish(new PluginStatusChanged(plugin.Id, "unsupported", "discovery is not part of this build"));
        }

        foreach (var plugin in previous.Values.Where(p => !current.ContainsKey(p.Id.Value)))
            Publish(new PluginStatusChanged(plugin.Id, "gone", "deleted"));
    }

    private void Announce(RejectedItem item)
    {
        log.Warning(
            "{Kind} {Id} ({Name}) of configuration {Version} was left out: {Reason}; correct it at the control plane{Kept}",
            item.Kind, item.Id, item.Name, state.Version, item.Reason, item.KeptPrevious ? "; its previous configuration stays in force" : "");
        if (item.Id.Length == 0 || item.KeptPrevious)
            return;

        var id = item.Id.Length > 128 ? item.Id[..128] : item.Id.ToLowerInvariant();
        if (item.Kind == "plugin")
        {
            Publish(new PluginStatusChanged(new PluginId(id), "failed", item.Reason));
        }
        else if (announcedRejections.Add(id))
        {
            Publish(new SocketSupervisorProtocol.SocketStatusChanged(
                new SocketId(id), item.Name, "failed", item.Reason, state.Version.Number, 0, time.GetUtcNow()));
        }
    }

    // SocketSupervisor never heard of a rejected socket, so its end is announced here too.
    private void ForgetRejections()
    {
        foreach (var id in announcedRejections.ToArray())
            ForgetRejection(id);
    }

    private void ForgetRejection(string? id)
    {
        if (id is null || !announcedRejections.Remove(id.ToLowerInvariant()))
            return;
        Publish(new SocketSupervisorProtocol.SocketStatusChanged(
            new SocketId(id.ToLowerInvariant()), "", "gone", "", state.Version.Number, 0, time.GetUtcNow()));
    }

    private static void Publish(object status) => Context.System.EventStream.Publish(status);
}
