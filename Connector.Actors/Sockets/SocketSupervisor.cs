using Akka.Actor;
using Akka.Event;
using Connector.Actors.Sockets.Checks;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;

namespace Connector.Actors.Sockets;

/// <summary>
/// <c>/user/sockets</c>: one SocketActor per wanted socket. Applies the desired state by difference, routes offered streams, restarts crashed
/// sockets within their budget, and publishes each socket's state.
/// </summary>
internal sealed class SocketSupervisor : ReceiveActor, IWithTimers
{
    /// <summary>
    /// Sockets run on it where the system's configuration has it. Their streams do not: their callbacks come from the thread pool anyway.
    /// </summary>
    public const string DispatcherId = "connector-sockets-dispatcher";

    private readonly SocketDependencies shared;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly Dictionary<SocketId, SocketEntry> sockets = [];

    // Actors that run or are about to end, by their socket. An actor of a deleted socket is not in here.
    private readonly Dictionary<IActorRef, SocketEntry> actors = [];
    private long incarnations;

    public SocketSupervisor(SocketDependencies shared)
    {
        this.shared = shared.UpstreamCheckProps is { } checks
            ? shared with { UpstreamChecks = Context.ActorOf(checks, "upstream-checks") }
            : shared;

        Receive<SocketSupervisorProtocol.ApplySockets>(Apply);
        Receive<SocketSupervisorProtocol.OpenStream>(open => Route(this.shared.Wrap(open.Stream)));
        Receive<RouteOffer>(route => Route(route.Offer));
        Receive<SocketProtocol.StateChanged>(Changed);
        Receive<SocketProtocol.LiveStreamsChanged>(changed =>
        {
            if (actors.TryGetValue(Sender, out var entry))
                entry.LiveStreams = changed.Live;
        });
        Receive<RetryDue>(Retry);
        Receive<UpstreamCheckProtocol.GetUpstreamLamps>(query => this.shared.UpstreamChecks?.Forward(query));
        Receive<Terminated>(ended => Ended(ended.ActorRef));
        Receive<SocketSupervisorProtocol.GetSocketStatuses>(
            _ => Sender.Tell(new SocketSupervisorProtocol.SocketStatuses([.. sockets.Values.Select(s => s.Status())])));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(SocketDependencies shared) => Akka.Actor.Props.Create(() => new SocketSupervisor(shared));

    protected override SupervisorStrategy SupervisorStrategy() => new SocketCrashStrategy(shared.UpstreamChecks, (child, cause) =>
    {
        if (actors.TryGetValue(child, out var entry))
            entry.Crash = $"{cause.GetType().Name}: {cause.Message}";
    });

    protected override void PreStart() => Context.ActorOf(LostOfferActor.Props(), "lost-offers");

    private void Apply(SocketSupervisorProtocol.ApplySockets apply)
    {
        var current = sockets.ToDictionary(s => s.Key, s => s.Value.Definition);
        var difference = SocketDifference.Between(current, apply.Sockets);
        var version = apply.Version.Number;

        // First, so that what is withdrawn is withdrawn at once.
        foreach (var id in difference.Removed)
            Remove(id);

        foreach (var definition in difference.Changed)
        {
            var entry = sockets[definition.Id];
            entry.Redefine(definition, version, NewBudget());
            Timers.Cancel(definition.Id);
            if (entry.Actor is { } actor)
                actor.Tell(new SocketProtocol.ApplyDefinition(definition, shared.Settings.Limits));
            else
                Start(entry);
        }

        foreach (var definition in difference.Added)
        {
            var entry = new SocketEntry(definition, version, NewBudget(), shared.Time.GetUtcNow());
            sockets.Add(definition.Id, entry);
            Publish(entry);
            Start(entry);
        }
    }

    private void Remove(SocketId id)
    {
        if (!sockets.Remove(id, out var entry))
            return;
        Timers.Cancel(id);
        if (entry.Actor is { } actor)
        {
            actors.Remove(actor);
            Context.Unwatch(actor);
            actor.Tell(new SocketProtocol.StopSocket("the socket was deleted"));
        }

        entry.LiveStreams = 0;
        Enter(entry, SocketStates.Gone, "the socket was deleted", "-");
    }

    private void Start(SocketEntry entry)
    {
        Enter(entry, SocketStates.Starting, "", "-");
        var props = SocketActor.Props(entry.Definition, shared.Settings.Limits, shared);
        if (Context.System.Dispatchers.HasDispatcher(DispatcherId))
            props = props.WithDispatcher(DispatcherId);

        // Numbered, so that a socket that is slow to stop does not keep its successor from starting.
        var actor = Context.ActorOf(props, $"{Uri.EscapeDataString(entry.Definition.Id.Value)}.{++incarnations}");
        entry.Actor = actor;
        entry.LiveStreams = 0;
        entry.Budget.Started(shared.Time.GetUtcNow());
        actors.Add(actor, entry);
        Context.Watch(actor);
    }

    private void Ended(IActorRef actor)
    {
        if (!actors.Remove(actor, out var entry))
            return;

        entry.Actor = null;
        entry.LiveStreams = 0;
        if (entry.Budget.TrySpend(shared.Time.GetUtcNow()))
        {
            Enter(entry, SocketStates.Starting, $"it crashed and starts again: {entry.Crash}", "-");
            Start(entry);
            return;
        }

        // Before it is said, so that whoever hears it can count on the retry.
        ScheduleRetry(entry);
        Enter(
            entry,
            SocketStates.Failed,
            $"it crashed more than {shared.Settings.MaxRestarts} times within {shared.Settings.RestartWindow.TotalSeconds:0} s, last with {entry.Crash}; it is tried again later, or when its configuration changes",
            "-");
    }

    private void Changed(SocketProtocol.StateChanged changed)
    {
        if (!actors.TryGetValue(Sender, out var entry))
            return;

        // A file or variable that the configuration names may come later.
        if (changed.State == SocketStates.Failed)
            ScheduleRetry(entry);
        Enter(entry, changed.State, changed.Reason, changed.Upstream);
    }

    private void ScheduleRetry(SocketEntry entry)
        => Timers.StartSingleTimer(entry.Definition.Id, new RetryDue(entry), entry.Budget.NextRetry());

    private void Retry(RetryDue due)
    {
        var entry = due.Entry;
        if (entry.State != SocketStates.Failed || !sockets.TryGetValue(entry.Definition.Id, out var current) || current != entry)
            return;
        if (entry.Actor is { } actor)
            actor.Tell(SocketProtocol.RetryDefinition.Instance);
        else
            Start(entry);
    }

    private void Route(IStreamOffer offer)
    {
        if (!sockets.TryGetValue(offer.SocketId, out var entry))
        {
            offer.Refuse(RefusalCode.NoSocket, $"this replica has no socket {offer.SocketId}; it was deleted or has not arrived yet");
            return;
        }

        if (entry.Actor is not { } actor)
        {
            offer.Refuse(
                entry.State == SocketStates.Failed ? RefusalCode.NoSocket : RefusalCode.Busy,
                $"socket {entry.Definition.Name} ({offer.SocketId}) is {entry.State} on this replica: {entry.Reason}");
            return;
        }

        actor.Tell(new SocketProtocol.Open(offer));
    }

    /// <summary>Takes the state over, with one record and one event when something changed.</summary>
    private void Enter(SocketEntry entry, string state, string reason, string upstream)
    {
        var changed = entry.Enter(state, reason, upstream, shared.Time.GetUtcNow());
        if (changed)
        {
            const string Template = "socket {SocketId} {SocketName} to {Upstream} is {State} {Reason}";
            if (state is SocketStates.Failed or SocketStates.Unsupported)
                log.Warning(Template, entry.Definition.Id, entry.Definition.Name, upstream, state, reason);
            else
                log.Info(Template, entry.Definition.Id, entry.Definition.Name, upstream, state, reason);
        }

        Publish(entry);
    }

    private void Publish(SocketEntry entry)
    {
        var status = entry.Status();

        // The stream count alone is not a change of state.
        if (entry.Published is { } published && status == published with { LiveStreams = status.LiveStreams })
            return;
        entry.Published = status;
        Context.System.EventStream.Publish(status);
    }

    private RestartBudget NewBudget() => new(
        shared.Settings.MaxRestarts, shared.Settings.RestartWindow, shared.Settings.FirstRetry, shared.Settings.LongestRetry);

    /// <summary>An offer that came on another way than a link.</summary>
    internal sealed record RouteOffer(IStreamOffer Offer) : INoSerializationVerificationNeeded;

    private sealed record RetryDue(SocketEntry Entry) : INoSerializationVerificationNeeded;
}
