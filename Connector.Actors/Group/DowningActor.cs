using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.Group;

/// <summary>
/// Watches who is reached. What stays unreachable is brought before the control plane; until it answers nobody is downed and nothing moves. A verdict is obeyed also when
/// the view has changed meanwhile: it is written down there.
/// </summary>
internal sealed class DowningActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan ShortestRetry = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan FailedRetry = TimeSpan.FromSeconds(1);

    private readonly GroupSystemSetup setup;
    private readonly Cluster cluster;
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly CancellationTokenSource stopping = new();
    private readonly HashSet<GroupBootId> removed = [];
    private LossView? view;
    private long question;
    private bool asking;
    private string lastFailure = "";

    public DowningActor(GroupSystemSetup setup, Cluster cluster)
    {
        this.setup = setup;
        this.cluster = cluster;
        Receive<ClusterEvent.IClusterDomainEvent>(_ => cluster.SendCurrentClusterState(Self));
        Receive<ClusterEvent.CurrentClusterState>(Look);
        Receive<Due>(m =>
        {
            if (m.Question == question)
                Ask();
        });
        Receive<VerdictCame>(m =>
        {
            if (m.Question == question)
                asking = false;
            Obey(m.Verdict, m.Question == question);
        });
        Receive<VerdictFailed>(m =>
        {
            if (m.Question != question)
                return;
            asking = false;
            if (lastFailure != m.Reason)
                log.Warning("members are not reached, and the control plane was not asked who stays: {Reason}; nothing moves, asking again", m.Reason);
            lastFailure = m.Reason;
            AskAfter(FailedRetry * (0.5 + Random.Shared.NextDouble()));
        });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(GroupSystemSetup setup, Cluster cluster) => Akka.Actor.Props.Create(() => new DowningActor(setup, cluster));

    private void Look(ClusterEvent.CurrentClusterState state)
    {
        var now = LossView.Of(state);
        DownRemoved(now);
        if (now.Equals(view))
            return;
        view = now;
        question++;
        asking = false;
        Timers.CancelAll();
        var self = state.Members.FirstOrDefault(member => member.UniqueAddress.Equals(cluster.SelfUniqueAddress));
        if (now.IsWhole || self?.Status is not (MemberStatus.Up or MemberStatus.WeaklyUp or MemberStatus.Leaving or MemberStatus.Exiting))
            return;
        log.Info("not reached any more: {Members}", string.Join(", ", now.Unreached.Select(member => member.Address)));
        AskAfter(setup.Timing.StableAfter);
    }

    private void AskAfter(TimeSpan wait) => Timers.StartSingleTimer("ask", new Due(question), wait);

    private void Ask()
    {
        if (asking || view is not { IsWhole: false } lost)
            return;
        asking = true;
        var of = question;
        var body = VerdictQuestion.Write(setup, GroupQuestionBody.Types.Kind.Loss);
        body.Reached.Add(LossView.Boots(lost.Reached).Append(setup.Identity.GroupBootId).Distinct().Select(VerdictQuestion.Bytes));
        body.Unreached.Add(LossView.Boots(lost.Unreached).Select(VerdictQuestion.Bytes));
        VerdictQuestion.AskAsync(setup, body, stopping.Token).PipeTo(
            Self, Self, success: verdict => new VerdictCame(of, verdict), failure: e => new VerdictFailed(of, VerdictQuestion.Reason(e)));
    }

    private void Obey(GroupVerdict verdict, bool isNewest)
    {
        lastFailure = "";
        setup.Heard(verdict.Generation);
        switch (verdict.Verdict)
        {
            case GroupVerdict.Types.Verdict.Stay:
                foreach (var id in verdict.Removed.Where(id => id.Length == GroupBootId.Size))
                    removed.Add(GroupBootId.Read(id.Span));
                log.Info("this side of the group goes on, generation {Generation}{Reason}", verdict.Generation, VerdictQuestion.Because(verdict));
                if (view is { } known)
                    DownRemoved(known);

                // Of an older generation than the loss: what is still not reached has to be asked anew.
                if (isNewest)
                    AskAfter(ShortestRetry);
                break;
            case GroupVerdict.Types.Verdict.Leave:
                log.Warning("this replica leaves the group and joins it again: the control plane decided for the others{Reason}", VerdictQuestion.Because(verdict));
                cluster.Down(cluster.SelfAddress);
                break;
            default:
                if (isNewest)
                    AskAfter(TimeSpan.FromMilliseconds(Math.Clamp(verdict.RetryAfterMs, ShortestRetry.TotalMilliseconds, 5_000)));
                break;
        }
    }

    private void DownRemoved(LossView now)
    {
        foreach (var member in now.Reached.Concat(now.Unreached))
        {
            if (GroupIdentity.BootOf(member.Roles) is { } id && removed.Contains(id) && !member.UniqueAddress.Equals(cluster.SelfUniqueAddress))
                cluster.Down(member.Address);
        }
    }

    protected override void PreStart()
        => cluster.Subscribe(Self, ClusterEvent.SubscriptionInitialStateMode.InitialStateAsEvents, typeof(ClusterEvent.IMemberEvent), typeof(ClusterEvent.IReachabilityEvent));

    protected override void PostStop()
    {
        cluster.Unsubscribe(Self);
        stopping.Cancel();
        stopping.Dispose();
    }

    private sealed record Due(long Question) : INoSerializationVerificationNeeded;

    private sealed record VerdictCame(long Question, GroupVerdict Verdict) : INoSerializationVerificationNeeded;

    private sealed record VerdictFailed(long Question, string Reason) : INoSerializationVerificationNeeded;
}
