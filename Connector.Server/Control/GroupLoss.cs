using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Kind = Connector.Protocol.Control.Wire.GroupQuestionBody.Types.Kind;

namespace Connector.Server.Control;

/// <summary>
/// Who stays when members do not reach each other. A side is whom one asker reaches. The side of the control session that answers wins; where there is none,
/// the largest side, then the one with the lowest replica id. Pure.
/// </summary>
internal static class GroupLoss
{
    /// <summary>To be called when nothing is being stored and the record does not answer the held questions by itself.</summary>
    public static GroupStep Decide(GroupState state, GroupSession? session, DateTimeOffset now)
    {
        if (state.Committing is not null || Heard(state, now) is not { } round)
        {
            return GroupStep.Of(state);
        }

        var known = state with { Round = round };
        var views = round.Views.Values.ToImmutableArray();
        var members = Members(known.Record, views);
        var holder = session is { GroupBootId: { } id, Silent: false } && members.Contains(id) ? session : null;

        // A session that every asker reaches is no matter of dispute.
        var proof = holder is null ? SessionProof.Silent
            : views.All(view => view.Reached.Contains(holder.GroupBootId!.Value)) ? SessionProof.Answers
            : GroupDecision.Proof(known, holder, now);
        if (proof == SessionProof.Unknown)
        {
            return GroupDecision.Challenge(known, holder!, now);
        }

        if (proof == SessionProof.Open || !GroupRules.IsOver(round.OpenedAt, GroupRules.Window, now))
        {
            return GroupStep.Of(known);
        }

        if (proof == SessionProof.Silent)
        {
            return Keep(
                known, views, members, Best(known.Record, views, views), holder is null ? "no member had the control session" : "the control session did not answer");
        }

        var leader = holder!.GroupBootId!.Value;
        var withLeader = views.RemoveAll(view => !view.Reached.Contains(leader));
        if (!withLeader.IsEmpty)
        {
            return Keep(known, views, members, Best(known.Record, withLeader, views), $"{holder.Holder} has the control session");
        }

        return GroupRules.IsOver(round.OpenedAt, GroupRules.SilentSideLimit, now) ? LeaveBehind(known, views, members, holder) : GroupStep.Of(known);
    }

    /// <summary>The round with the views of all who ask now; null when nobody asks or asked lately.</summary>
    private static LossRound? Heard(GroupState state, DateTimeOffset now)
    {
        var round = state.Round ?? new LossRound(now, ImmutableDictionary<GroupBootId, LossView>.Empty);
        foreach (var (_, question, _) in state.Held.Where(held => held.Question.Kind == Kind.Loss))
        {
            var view = new LossView(question.Asker, question.Identity.ReplicaId, question.Generation, question.Reached, question.Unreached, now);
            round = round with { Views = round.Views.SetItem(question.Asker, view) };
        }

        return round.Views.IsEmpty ? null : round;
    }

    private static ImmutableHashSet<GroupBootId> Members(GroupRecord record, ImmutableArray<LossView> views)
        =>
        [
            .. record.Members.Select(member => member.GroupBootId).Concat(views.SelectMany(view => view.Reached)).Concat(views.SelectMany(view => view.Unreached))
                .Where(id => !record.IsRemoved(id)),
        ];

    private static LossView Best(GroupRecord record, ImmutableArray<LossView> candidates, ImmutableArray<LossView> views)
    {
        var names = Names(record, views);
        return candidates
            .OrderByDescending(view => view.Reached.Count(id => !record.IsRemoved(id)))
            .ThenBy(Lowest, StringComparer.Ordinal)
            .ThenBy(view => view.ReplicaId.Value, StringComparer.Ordinal)
            .ThenBy(view => view.Asker.ToString(), StringComparer.Ordinal)
            .First();

        string? Lowest(LossView view)
            => view.Reached.Select(id => names.GetValueOrDefault(id).Value).Where(name => !string.IsNullOrEmpty(name)).Append(view.ReplicaId.Value).Min(StringComparer.Ordinal);
    }

    private static GroupStep Keep(GroupState state, ImmutableArray<LossView> views, ImmutableHashSet<GroupBootId> members, LossView best, string why)
        => Commit(state, views, members, members.Intersect(best.Reached), why);

    /// <summary>The others lack nobody, so it is the askers that are cut off.</summary>
    private static GroupStep LeaveBehind(GroupState state, ImmutableArray<LossView> views, ImmutableHashSet<GroupBootId> members, GroupSession holder)
        => Commit(
            state, views, members, members.Except(views.Select(view => view.Asker)),
            $"{holder.Holder} has the control session, and nobody on its side lacks a member");

    private static GroupStep Commit(
        GroupState state, ImmutableArray<LossView> views, ImmutableHashSet<GroupBootId> members, ImmutableHashSet<GroupBootId> staying, string why)
    {
        var names = Names(state.Record, views);
        var (stay, go) = (Entries(staying), Entries(members.Except(staying)));
        var decided = state.Record.Decide(
            Math.Max(state.Record.Generation, views.Max(view => view.Generation)) + 1, stay, go.Select(member => member.GroupBootId), null);
        return GroupDecision.Commit(
            state, decided, "warn",
            $"group: generation {decided.Generation}: replicas {GroupNames.Of(stay)} stay, replicas {GroupNames.Of(go)} are not members any more, because {why}");

        ImmutableArray<GroupRecordMember> Entries(ImmutableHashSet<GroupBootId> ids)
            => [.. ids.Select(id => new GroupRecordMember(id, names.GetValueOrDefault(id, new ReplicaId("")))).OrderBy(member => member.GroupBootId.ToString(), StringComparer.Ordinal)];
    }

    private static Dictionary<GroupBootId, ReplicaId> Names(GroupRecord record, ImmutableArray<LossView> views)
    {
        var names = new Dictionary<GroupBootId, ReplicaId>();
        foreach (var (id, replicaId) in record.Members)
        {
            names[id] = replicaId;
        }

        foreach (var view in views)
        {
            names[view.Asker] = view.ReplicaId;
        }

        return names;
    }
}
