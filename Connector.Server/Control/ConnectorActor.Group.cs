using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Google.Protobuf;

namespace Connector.Server.Control;

/// <summary>The part that joins the control session and the group: <see cref="GroupVerdicts"/> answers, and the leader's reports are taken.</summary>
internal sealed partial class ConnectorActor : IGroupEntity
{
    GroupSession? IGroupEntity.Session
    {
        get
        {
            // One whose epoch is being committed is as good as live: nobody else can become it meanwhile.
            var claim = HeardUntilNow().Live?.Claim ?? state.Committing;
            return claim is null ? null : new GroupSession(
                claim.StreamId, claim.GroupBootId, claim.Identity, state.Live?.Since ?? Now, claim.Challengeable,
                state.Live is { } live && ClaimDecision.IsSilent(live, rules, Now), claim.Describe());
        }
    }

    void IGroupEntity.Challenge(long streamId, ReadOnlySpan<byte> nonce)
    {
        if (claims.TryGetValue(streamId, out var claim))
        {
            claim.Stream.Send(new ControlStreamResponse { Challenge = new Challenge { Nonce = ByteString.CopyFrom(nonce) } });
        }
    }

    void IGroupEntity.GroupDecided(GroupRecord record, GroupCommit? commit) => Apply(ClaimDecision.GroupDecided(HeardUntilNow(), record, commit, rules, Now));

    DesiredStateVersion IGroupEntity.Reached(DesiredStateVersion held) => push?.Reached(held) ?? held;

    void IGroupEntity.Record(string severity, string message) => Record(severity, message);

    void IGroupEntity.WakeAfter(TimeSpan? delay)
    {
        if (delay is { } known)
        {
            Timers.StartSingleTimer(VerdictTimer.Instance, WakeVerdicts.Instance, known);
        }
        else
        {
            Timers.Cancel(VerdictTimer.Instance);
        }
    }

    private void ServingGroup()
    {
        Receive<GroupProtocol.GroupReported>(OnGroupReported);
        Receive<GroupProtocol.AskVerdict>(question => verdicts.Ask(question, Sender));
        Receive<ConnectorStoreCalls.QuestionChecked>(verdicts.OnChecked);
        Receive<ConnectorStoreCalls.GroupDecided>(verdicts.OnDecided);
        Receive<ConnectorStoreCalls.MembersNoted>(verdicts.OnMembersNoted);
        Receive<ConnectorStoreCalls.JoinRead>(verdicts.OnJoinRead);
        Receive<WakeVerdicts>(_ => verdicts.Wake());
    }

    private void OnGroupReported(GroupProtocol.GroupReported report)
    {
        Handled(report.StreamId);
        if (!IsLive(report.StreamId) || push is not { Claim: { Hello: { } hello } claim } current)
        {
            return;
        }

        replicas.Report(report.Members);
        if (current.Pushed is not null && claim.Features.Contains(ControlFeatures.Tickets))
        {
            var now = Now;
            SendTickets(claim, replicas.Fresh(hello), now, ReplicaTickets.ExpiresAt(claim.Claim.TokenExpiresAt, now));
        }

        if (hello.GroupBootId is { } leader)
        {
            verdicts.OnReported(new GroupRecordMember(leader, hello.Identity.ReplicaId), report.Members);
        }
    }

    private sealed record WakeVerdicts : INoSerializationVerificationNeeded
    {
        public static readonly WakeVerdicts Instance = new();
    }

    // Timer key.
    private sealed record VerdictTimer
    {
        public static readonly VerdictTimer Instance = new();
    }
}
