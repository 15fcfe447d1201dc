using Connector.Protocol.Control.Wire;
using Connector.Server.Control;
using Connector.Server.Store;
using CsCheck;
using Xunit;
using static Connector.Protocol.Control.Wire.GroupVerdict.Types;
using static Connector.Tests.Server.Control.GroupTable;

namespace Connector.Tests.Server.Control;

/// <summary>
/// Random sequences of questions of two or three sides, of two processes of the server over one store, with sessions that come, go and answer or not, and a
/// store that fails before or after it has stored.
/// </summary>
[Trait("kind", Kinds.Pure)]
public sealed class GroupPropertyTests
{
    [Fact]
    public void Each_generation_has_one_winner_and_who_was_removed_stays_so()
        => Gen.Int[0, int.MaxValue - 1].Sample(seed => new World(seed).Run(), iter: 3_000);

    [Fact]
    public void Whoever_goes_on_asking_is_answered_in_time()
        => Gen.Int[0, int.MaxValue - 1].Sample(seed => new World(seed).RunToAnAnswer(), iter: 1_000);

    private sealed class World
    {
        private readonly Random random;
        private readonly GroupTable[] tables;
        private readonly Shelf shelf = new();
        private readonly List<Actor> actors = [];
        private readonly List<Asked> open = [];
        private readonly HashSet<(long Generation, string Holder)> formed = [];
        private int seen = 1;

        public World(int seed)
        {
            random = new Random(seed);
            tables = random.Next(3) == 0 ? [new GroupTable(shelf), new GroupTable(shelf)] : [new GroupTable(shelf)];
            var sides = random.Next(2, 4);
            var count = random.Next(sides, 7);
            for (var i = 0; i < count; i++)
            {
                actors.Add(new Actor(Replica.Of($"r{random.Next(100)}-{i}"), i < sides ? i : random.Next(sides)));
            }

            if (random.Next(4) != 0)
            {
                Ask(tables[0], actors[0], GroupQuestionBody.Types.Kind.Form);
                tables[0].Connect(actors[0].Replica);
                tables[0].Report([.. actors.Select(actor => actor.Replica)]);
                tables[0].Advance(60_000);
                Look();
            }
        }

        public void Run()
        {
            for (var step = 0; step < 60; step++)
            {
                Step();
                Look();
            }
        }

        public void RunToAnAnswer()
        {
            Run();
            foreach (var table in tables)
            {
                while (table.HasUnstored)
                {
                    table.StoreOne();
                }

                table.StoresAtOnce = true;
            }

            Look();
            var asker = Pick(actors);
            for (var waited = 0; waited < 6_000; waited += 50)
            {
                if (open.TrueForAll(asked => asked.Actor != asker))
                {
                    if (asker.Told is { } told && told != Verdict.Wait)
                    {
                        return;
                    }

                    Ask(tables[0], asker, GroupQuestionBody.Types.Kind.Loss);
                }

                Look();
                Array.ForEach(tables, table => table.Advance(50));
                Look();
            }

            Assert.Fail($"{asker.Replica.Name} was not answered; {tables[0].State}");
        }

        private void Step()
        {
            var table = Pick(tables);
            switch (random.Next(14))
            {
                case 0:
                    Ask(table, Pick(actors), GroupQuestionBody.Types.Kind.Form);
                    break;
                case 1 or 2 or 3 or 4:
                    Ask(table, Pick(actors), GroupQuestionBody.Types.Kind.Loss);
                    break;
                case 5 or 6:
                    table.Advance(random.Next(1, 900));
                    break;
                case 7:
                    table.Advance(random.Next(1, 15_000));
                    break;
                case 8 when table.State.Challenge is { Outcome: null }:
                    table.AnswerChallenge();
                    break;
                case 9 when table.Session is null || random.Next(3) == 0:
                    var next = Pick(actors);
                    // The store refuses the claim of who was removed.
                    if (!shelf.Record.IsRemoved(next.Replica.Id))
                    {
                        table.Claim(next.Replica);
                        table.Connect(next.Replica, alone: random.Next(8) == 0, secondsAgo: random.Next(3));
                        Look();
                        if (random.Next(2) == 0)
                        {
                            table.Report([.. actors.Where(_ => random.Next(4) != 0).Select(actor => actor.Replica).Append(next.Replica)]);
                        }
                    }

                    break;
                case 10 when table.Session is not null:
                    table.Disconnect();
                    break;
                case 11 when table.HasUnstored:
                    if (random.Next(4) == 0)
                    {
                        table.FailOne(stored: random.Next(2) == 0);
                    }
                    else
                    {
                        table.StoreOne();
                    }

                    break;
                case 12:
                    table.StoresAtOnce = random.Next(3) != 0;
                    break;
                case 13:
                    // The network changes.
                    Pick(actors).Side = random.Next(3);
                    break;
            }
        }

        private void Ask(GroupTable table, Actor actor, GroupQuestionBody.Types.Kind kind)
        {
            var reached = actors.Where(other => other.Side == actor.Side).Select(other => other.Replica).ToArray();
            var unreached = actors.Where(other => other.Side != actor.Side).Select(other => other.Replica).ToArray();
            var removed = shelf.Record.IsRemoved(actor.Replica.Id);
            var id = table.Ask(actor.Replica, kind, actor.Generation, reached, unreached);
            actor.Told = null;
            open.Add(new Asked(table, id, actor, actor.Replica, kind, removed));
        }

        /// <summary>Takes the answers as replicas would, and checks what must hold.</summary>
        private void Look()
        {
            foreach (var table in tables)
            {
                table.EndRemoved();
            }

            for (; seen < shelf.History.Count; seen++)
            {
                var (before, after) = (shelf.History[seen - 1], shelf.History[seen]);
                Assert.True(after.Generation > before.Generation, $"{before.Generation} -> {after.Generation}");
                Assert.Empty(before.Removed.Except(after.Removed));
                Assert.Empty(after.Members.Select(member => member.GroupBootId).Intersect(after.Removed));
                Assert.NotEmpty(after.Members);
            }

            foreach (var asked in open.ToList())
            {
                if (!asked.Table.Answers.TryGetValue(asked.Id, out var effect))
                {
                    continue;
                }

                open.Remove(asked);
                if (effect is GroupEffect.Answer answer)
                {
                    Check(asked, answer);
                    Follow(asked, answer);
                }
            }
        }

        private void Check(Asked asked, GroupEffect.Answer answer)
        {
            var decided = shelf.History.Last(record => record.Generation == answer.Group.Generation);
            Assert.Equal(decided.Removed, answer.Group.Removed);
            if (asked.Removed)
            {
                Assert.Contains(answer.Verdict, (Verdict[])[Verdict.Leave, Verdict.Wait]);
            }

            switch (answer.Verdict)
            {
                case Verdict.MayForm:
                    Assert.Equal(asked.Replica.Id, decided.Grant?.Holder);
                    Assert.False(decided.IsRemoved(asked.Replica.Id));
                    formed.Add((answer.Group.Generation, asked.Replica.Id.ToString()));
                    Assert.Single(formed, entry => entry.Generation == answer.Group.Generation);
                    break;
                case Verdict.Stay:
                    // Nobody that another member of the same generation puts down is told to go on.
                    Assert.False(decided.IsRemoved(asked.Replica.Id));
                    break;
                case Verdict.Leave:
                    // Who joined or left within the generation is in the store only.
                    var stored = shelf.Record.Generation == decided.Generation ? shelf.Record : decided;
                    Assert.True(
                        decided.IsRemoved(asked.Replica.Id) || (asked.Kind == GroupQuestionBody.Types.Kind.Loss && !stored.IsMember(asked.Replica.Id)),
                        "told to leave, although it is a member");
                    break;
            }
        }

        private void Follow(Asked asked, GroupEffect.Answer answer)
        {
            if (asked.Actor.Replica != asked.Replica)
            {
                return;
            }

            asked.Actor.Told = answer.Verdict;
            if (answer.Verdict is Verdict.MayForm or Verdict.Stay)
            {
                asked.Actor.Generation = answer.Group.Generation;
            }
            else if (answer.Verdict == Verdict.Leave && random.Next(3) != 0)
            {
                (asked.Actor.Replica, asked.Actor.Generation) = (asked.Actor.Replica.Again(), 0);
            }
        }

        private T Pick<T>(IReadOnlyList<T> from) => from[random.Next(from.Count)];
    }

    private sealed class Actor(Replica replica, int side)
    {
        public Replica Replica { get; set; } = replica;

        public int Side { get; set; } = side;

        public long Generation { get; set; }

        public Verdict? Told { get; set; }
    }

    private sealed record Asked(GroupTable Table, long Id, Actor Actor, Replica Replica, GroupQuestionBody.Types.Kind Kind, bool Removed);
}
