using Akka.Actor;
using Akka.Cluster;
using Akka.Event;
using static Connector.Actors.Group.GroupProtocol;

namespace Connector.Actors.Group;

/// <summary>Answers replicas that want to join: who must not come in is told why, before Akka's cluster knows of it.</summary>
internal sealed class DoorActor : ReceiveActor
{
    public const string Name = "door";

    private readonly GroupSystemSetup setup;
    private readonly Cluster cluster = Cluster.Get(Context.System);
    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly Dictionary<string, string> refusals = new(StringComparer.Ordinal);

    // Of different askers; the oldest words are forgotten together.
    private const int MostRefusals = 64;

    public DoorActor(GroupSystemSetup setup)
    {
        this.setup = setup;
        Receive<Knock>(OnKnock);
    }

    public static Props Props(GroupSystemSetup setup) => Akka.Actor.Props.Create(() => new DoorActor(setup));

    private void OnKnock(Knock knock)
    {
        var from = Sender.Path.Address;
        var refusal = DoorDecision.Judge(setup.Identity, knock, setup.Time.GetUtcNow(), IsMemberElsewhere(knock, from));
        var inGroup = cluster.SelfMember.Status is MemberStatus.Up or MemberStatus.WeaklyUp;
        Sender.Tell(new KnockAnswered(knock.Round, setup.Identity.Replica.ReplicaId.Value, inGroup, refusal));
        Log(from.ToString(), refusal);
    }

    /// <summary>A living member with this replica's id at another address: its state directory was copied.</summary>
    private bool IsMemberElsewhere(Knock knock, Address from)
        => cluster.State.Members.Any(member => member.Address != from && !cluster.State.Unreachable.Contains(member)
            && member.Status is MemberStatus.Up or MemberStatus.WeaklyUp && GroupIdentity.ReplicaOf(member.Roles)?.Value == knock.ReplicaId);

    private void Log(string from, string refusal)
    {
        if (refusals.GetValueOrDefault(from, "") == refusal)
            return;
        if (refusals.Count >= MostRefusals)
            refusals.Clear();
        refusals[from] = refusal;
        if (refusal.Length > 0)
            log.Warning("replica at {Address} may not join the group: {Reason}", from, refusal);
    }
}
