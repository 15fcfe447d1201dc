using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Control;
using static Connector.Actors.Group.GroupProtocol;

namespace Connector.Actors.Group;

/// <summary>
/// Owner of the group system, in the data system: starts it, and starts another one when it has ended by a downing, a quarantine or a failure of the remoting. Nothing of
/// that touches what the replica serves.
/// </summary>
internal sealed class GroupActor : ReceiveActor, IWithTimers
{
    // A life that lasted so long was a good one: the next failure waits the shortest time again.
    private static readonly TimeSpan GoodLife = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeaveDeadline = TimeSpan.FromSeconds(12);

    private readonly GroupDependencies dependencies;
    private readonly IActorRef agent;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private GroupSystem? current;
    private IActorRef? leaver;
    private GroupStatusChanged? status;
    private string endReason = "";
    private DateTimeOffset startedAt;
    private int failures;
    private bool leaving;
    private bool starting;

    public GroupActor(GroupDependencies dependencies, IActorRef agent)
    {
        this.dependencies = dependencies;
        this.agent = agent;
        Serving();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(GroupDependencies dependencies, IActorRef agent) => Akka.Actor.Props.Create(() => new GroupActor(dependencies, agent));

    private void Serving()
    {
        Receive<StartDue>(_ => Start());
        Receive<Started>(m =>
        {
            starting = false;
            current = m.System;
            m.System.System.WhenTerminated.PipeTo(Self, Self, success: () => new Ended(m.System), failure: _ => new Ended(m.System));
            if (leaving)
            {
                Leave();
                return;
            }

            agent.Tell(new ReplicaAgentProtocol.UseSession(m.System.Bridge));
        });
        Receive<NotStarted>(m =>
        {
            if (leaving)
                Left();
            else
                Restart(m.Reason);
        });
        Receive<Ended>(m =>
        {
            if (current != m.System)
                return;
            current = null;
            if (leaving)
            {
                Left();
                return;
            }

            Restart(endReason.Length > 0 ? endReason : "the group system has ended: it was downed or its remoting failed");
        });
        Receive<GroupBroken>(m =>
        {
            if (!IsCurrent(m.Of))
                return;
            endReason = m.Reason;
            _ = current!.System.Terminate();
        });
        Receive<GroupNews>(m =>
        {
            if (IsCurrent(m.Of))
                Say(m.Role, m.Members, m.Reason);
        });
        Receive<ServeWithout>(m =>
        {
            if (IsCurrent(m.Of))
                agent.Tell(new ReplicaAgentProtocol.ApplyWithoutSession(m.Verdict.Init, m.Verdict.Edges, m.Verdict.Ticket?.Ticket));
        });
        Receive<LeaveGroup>(_ =>
        {
            leaver = Sender;
            if (leaving)
                return;
            leaving = true;
            Timers.CancelAll();
            if (current is not null)
                Leave();
            else if (!starting)
                Left();
        });
    }

    private bool IsCurrent(Protocol.Ids.GroupBootId of) => current?.Setup.Identity.GroupBootId == of;

    private void Start()
    {
        endReason = "";
        starting = true;
        startedAt = dependencies.Time.GetUtcNow();
        var (self, dependency, ofAgent) = (Self, dependencies, agent);
        Task.Run(() => GroupSystem.Start(dependency, self, ofAgent)).PipeTo(
            Self, Self, success: system => new Started(system), failure: e => new NotStarted(VerdictQuestion.Reason(e)));
    }

    private void Restart(string reason)
    {
        starting = false;
        failures = dependencies.Time.GetUtcNow() - startedAt >= GoodLife ? 0 : failures + 1;
        var timing = dependencies.Settings.Timing;
        var wait = timing.Restart * Math.Pow(2, Math.Min(failures, 16));
        wait = (wait < timing.LongestRestart ? wait : timing.LongestRestart) * (0.5 + (dependencies.Random() / 2));
        if (status?.Reason != reason)
            log.Warning("out of the group: {Reason}; what is served goes on, the group is joined again", reason);
        agent.Tell(new ReplicaAgentProtocol.NoSession(reason));
        Say(GroupRole.Ungrouped, [], reason);
        Timers.StartSingleTimer("start", StartDue.Instance, wait);
    }

    private void Leave()
    {
        var ending = current!;
        CoordinatedShutdown.Get(ending.System).Run(CoordinatedShutdown.ClusterLeavingReason.Instance).WaitAsync(LeaveDeadline).PipeTo(
            Self, Self, success: _ => new Ended(ending), failure: _ => new Ended(ending));
    }

    private void Left()
    {
        current = null;
        agent.Tell(new ReplicaAgentProtocol.NoSession("this replica has left the group"));
        leaver?.Tell(GroupLeft.Instance);
    }

    private void Say(GroupRole role, ImmutableArray<GroupMemberState> members, string reason)
    {
        var generation = current?.Setup.Generation ?? 0;
        if (status is { } known && known.Role == role && known.Generation == generation && known.Reason == reason && known.Members.SequenceEqual(members))
            return;
        if (status?.Role != role)
            log.Info("role in the group: {Role}", role);
        status = new GroupStatusChanged(role, generation, members, reason, status?.Role == role ? status.Since : dependencies.Time.GetUtcNow());
        Context.System.EventStream.Publish(status);
    }

    protected override void PreStart()
    {
        Say(GroupRole.Ungrouped, [], "starting");
        Start();
    }

    protected override void PostStop()
    {
        if (current is not null)
            _ = current.System.Terminate();
    }

    private sealed record Started(GroupSystem System) : INoSerializationVerificationNeeded;

    private sealed record NotStarted(string Reason) : INoSerializationVerificationNeeded;

    private sealed record Ended(GroupSystem System) : INoSerializationVerificationNeeded;

    private sealed class StartDue : INoSerializationVerificationNeeded
    {
        public static readonly StartDue Instance = new();
    }
}
