using System.Collections.Immutable;
using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Connector.Actors.Control;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using static Connector.Actors.Group.GroupProtocol;

namespace Connector.Actors.Group;

/// <summary>
/// Makes this replica a member: Knocking at the peers' doors → Joining one that is in the group, or Asking the control plane who may form it → Member. Without a group it
/// tries again for good. Says what this replica is.
/// </summary>
internal sealed class MembershipActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan JoinDeadline = TimeSpan.FromSeconds(8);

    private readonly GroupSettings settings;
    private readonly GroupSystemSetup setup;
    private readonly IActorRef group;
    private readonly IActorRef agent;
    private readonly Func<double> random;
    private readonly Cluster cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly CancellationTokenSource stopping = new();
    private readonly ImmutableArray<GroupPeer> peers;
    private readonly Dictionary<int, KnockAnswered> answers = [];
    private DesiredStateVersion held = DesiredStateVersion.None;
    private long round;
    private string lastReason = "";

    public MembershipActor(GroupSettings settings, GroupSystemSetup setup, IActorRef group, IActorRef agent, Func<double> random)
    {
        this.settings = settings;
        this.setup = setup;
        this.group = group;
        this.agent = agent;
        this.random = random;
        peers = [.. settings.Peers.Where(peer => peer != settings.Self)];
        Knocking();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(GroupSettings settings, GroupSystemSetup setup, IActorRef group, IActorRef agent, Func<double> random)
        => Akka.Actor.Props.Create(() => new MembershipActor(settings, setup, group, agent, random));

    private GroupTiming Timing => settings.Timing;

    private void Knocking()
    {
        Receive<KnockAnswered>(answer =>
        {
            if (answer.Round != round || PeerOf(Sender.Path.Address) is not { } peer)
                return;
            answers[peer] = answer;
            if (answer is { InGroup: true, Refusal.Length: 0 } || answers.Count == peers.Length)
                Decide();
        });
        Receive<KnocksOver>(m =>
        {
            if (m.Round == round)
                Decide();
        });
        Always();
    }

    private void Asking()
    {
        Receive<VerdictCame>(m =>
        {
            if (m.Round == round)
                OnVerdict(m.Verdict);
        });
        Receive<VerdictFailed>(m =>
        {
            if (m.Round == round)
                Again($"the control plane was not asked who may form the group: {m.Reason}");
        });
        Always();
    }

    private void Joining()
    {
        Receive<KnocksOver>(m =>
        {
            if (m.Round == round)
                Again("joining the group was not done in time; do all peers reach each other's address and port, all of them with cluster.tls or none?");
        });
        Always();
    }

    // Until the next round is due, or for good: in the group.
    private void Quiet() => Always();

    private void Always()
    {
        Receive<ReplicaAgentActor.HeldState>(m => held = m.Version);
        Receive<RoundDue>(m =>
        {
            if (m.Round == round)
                Knock();
        });
        Receive<ClusterEvent.MemberUp>(m =>
        {
            if (m.Member.UniqueAddress.Equals(cluster.SelfUniqueAddress))
            {
                round++;
                Become(Quiet);
            }

            Look();
        });
        Receive<ClusterEvent.IClusterDomainEvent>(_ => Look());
        Receive<ClusterEvent.CurrentClusterState>(Describe);
        Receive<KnockAnswered>(_ => { });
        Receive<KnocksOver>(_ => { });
        Receive<VerdictCame>(_ => { });
        Receive<VerdictFailed>(_ => { });
    }

    private void Knock()
    {
        round++;
        answers.Clear();
        agent.Tell(ReplicaAgentActor.GetHeld.Instance);
        Become(Knocking);
        var identity = setup.Identity;
        var knock = new Knock(
            round, identity.Replica.ConnectorId.Value, GroupIdentity.ProtocolVersion, identity.Replica.ReplicaId.Value, identity.GroupBootId.Value, setup.Time.GetUtcNow());
        foreach (var peer in peers)
            Context.ActorSelection(new RootActorPath(AddressOf(peer)) / "user" / DoorActor.Name).Tell(knock);
        Timers.StartSingleTimer("round", new KnocksOver(round), Timing.JoinAttempt);
    }

    private void Decide()
    {
        switch (FormationDecision.After([.. answers.OrderBy(answer => answer.Key).Select(answer => (answer.Key, answer.Value))]))
        {
            case FormationDecision.Step.Join join:
                Join(AddressOf(peers[join.Peer]));
                break;
            case FormationDecision.Step.Refused refused:
                Again(refused.Reason);
                break;
            default:
                Ask();
                break;
        }
    }

    private void Join(Address address)
    {
        round++;
        Become(Joining);
        log.Debug("joining {Address}", address);
        Timers.StartSingleTimer("round", new KnocksOver(round), JoinDeadline);
        cluster.Join(address);
    }

    private void Ask()
    {
        var of = ++round;
        Become(Asking);
        var question = VerdictQuestion.Write(setup, GroupQuestionBody.Types.Kind.Form);
        question.Held = new ConfigVersion { Incarnation = held.Incarnation, Number = held.Number };
        VerdictQuestion.AskAsync(setup, question, stopping.Token).PipeTo(
            Self, Self, success: verdict => new VerdictCame(of, verdict), failure: e => new VerdictFailed(of, VerdictQuestion.Reason(e)));
    }

    private void OnVerdict(GroupVerdict verdict)
    {
        setup.Heard(verdict.Generation);
        switch (verdict.Verdict)
        {
            case GroupVerdict.Types.Verdict.MayForm:
                log.Info("forming the group, generation {Generation}", verdict.Generation);
                Join(cluster.SelfAddress);
                break;
            case GroupVerdict.Types.Verdict.Leave:
                group.Tell(new GroupBroken(setup.Identity.GroupBootId, $"removed from the group{VerdictQuestion.Because(verdict)}"));
                break;
            default:
                group.Tell(new ServeWithout(setup.Identity.GroupBootId, verdict));
                Again($"a group is there and was not reached{VerdictQuestion.Because(verdict)}; do the replicas reach each other's address and port, all of them with cluster.tls or none?");
                break;
        }
    }

    private void Again(string reason)
    {
        round++;
        Become(Quiet);
        Timers.StartSingleTimer("round", new RoundDue(round), Timing.FormRetry * (0.5 + random()));
        Say(GroupRole.Ungrouped, [], reason);
    }

    // Asked for, because what Akka keeps for reading lags behind its events.
    private void Look() => cluster.SendCurrentClusterState(Self);

    private void Describe(ClusterEvent.CurrentClusterState state)
    {
        var self = state.Members.FirstOrDefault(member => member.UniqueAddress.Equals(cluster.SelfUniqueAddress));
        if (self?.Status is not (MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Leaving))
            return;
        var up = state.Members.Where(member => member.Status is MemberStatus.Up or MemberStatus.Leaving).ToArray();
        var leader = up.Aggregate((Member?)null, (oldest, member) => oldest is null || member.IsOlderThan(oldest) ? member : oldest);
        Say(
            leader is not null && leader.UniqueAddress.Equals(cluster.SelfUniqueAddress) ? GroupRole.Leader : GroupRole.Member,
            [.. up.Select(member => new GroupMemberState(
                GroupIdentity.ReplicaOf(member.Roles) ?? new ReplicaId(""), new GroupPeer(member.Address.Host ?? "", member.Address.Port ?? 0),
                leader is not null && member.UniqueAddress.Equals(leader.UniqueAddress)))],
            "");
    }

    private void Say(GroupRole role, ImmutableArray<GroupMemberState> members, string reason)
    {
        if (reason.Length > 0 && reason != lastReason)
            log.Warning("this replica serves without a group and tries again: {Reason}", reason);
        lastReason = reason;
        group.Tell(new GroupNews(setup.Identity.GroupBootId, role, members, reason));
    }

    private int? PeerOf(Address address)
    {
        for (var i = 0; i < peers.Length; i++)
        {
            if (AddressOf(peers[i]) == address)
                return i;
        }

        return null;
    }

    private Address AddressOf(GroupPeer peer) => new(cluster.SelfAddress.Protocol, cluster.SelfAddress.System, peer.Host, peer.Port);

    protected override void PreStart()
    {
        cluster.Subscribe(
            Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsSnapshot, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));
        Knock();
    }

    protected override void PostStop()
    {
        cluster.Unsubscribe(Self);
        stopping.Cancel();
        stopping.Dispose();
    }

    private sealed record KnocksOver(long Round) : INoSerializationVerificationNeeded;

    private sealed record RoundDue(long Round) : INoSerializationVerificationNeeded;

    private sealed record VerdictCame(long Round, GroupVerdict Verdict) : INoSerializationVerificationNeeded;

    private sealed record VerdictFailed(long Round, string Reason) : INoSerializationVerificationNeeded;
}
