using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;
using Akka.TestKit;
using Akka.TestKit.Xunit;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Control;
using Connector.Server.Store;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static Connector.Protocol.Control.Wire.GroupVerdict.Types;
using static Connector.Tests.Server.Control.GroupTable;
using ResponseCase = Connector.Protocol.Control.Wire.ControlStreamResponse.RequestTypeOneofCase;

namespace Connector.Tests.Server.Control;

/// <summary>The connector entity carries the group rules out: virtual time, a store in memory, streams that record.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class ConnectorGroupTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly ConnectorId Id = new("11111111-1111-1111-1111-111111111111");
    private static readonly ImmutableHashSet<string> OurFeatures = ControlFeatures.Parse(ControlStreamClient.AllFeatures);

    private static readonly Akka.Configuration.Config Virtual = ConfigurationFactory.ParseString(
        """
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        akka.loglevel = WARNING
        """);

    private readonly FakeControlStore store = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private readonly SigningKey signingKey = SigningKey.Create();
    private readonly IActorRef connectors;
    private readonly Replica a = Replica.Of("a");
    private readonly Replica b = Replica.Of("b");
    private readonly Replica c = Replica.Of("c");
    private long lastStreamId;

    public ConnectorGroupTests()
        : base(Virtual)
    {
        store.SetToken("token", TokenStanding.Valid);
        store.SetDesired(Id, new ConnectorDesiredState(new DesiredStateVersion("inc", 1), "connector", "org", "Org", TimeSpan.FromSeconds(10), [], []));
        var services = new ControlServices(
            store, new TokenIssuer(signingKey), new FixedEdgeDirectory([new EdgeEntry(new EdgeId("edge-1"), ["edge-1.example:8444"], [])]), "cp-1",
            new ControlLimits { StoreDeadline = TimeSpan.FromHours(1) }, time, NullLoggerFactory.Instance);
        connectors = Sys.ActorOf(ConnectorsActor.Props(services), ConnectorsActor.Name);
    }

    [Fact]
    public async Task Permission_to_form_is_given_once_it_is_stored_and_leaves_a_record()
    {
        var storing = new TaskCompletionSource();
        store.BeforeDecide = () => storing.Task;
        var asked = AskAsync(Form(a));
        await RoundTripAsync();
        Assert.False(asked.IsCompleted);

        storing.SetResult();

        Assert.Equal((Verdict.MayForm, 1L), Told(await asked));
        Assert.Equal([a.Member], store.Group(Id).Members);
        await RecordedAsync("replica a may form it");
    }

    [Fact]
    public async Task Question_makes_the_entity_and_the_answer_outlives_it()
    {
        Assert.Equal((Verdict.MayForm, 1L), Told(await AskAsync(Form(a))));
        await StopIdleAsync();

        Assert.Equal((Verdict.MayForm, 1L), Told(await AskAsync(Form(a))));
        await StopIdleAsync();
        Assert.Equal((Verdict.MayForm, 2L), Told(await AskAsync(Form(b))));
        await StopIdleAsync();
        Assert.Equal((Verdict.Leave, 2L), Told(await AskAsync(Form(a))));
    }

    [Fact]
    public async Task Unanswered_leader_is_removed_its_stream_is_ended_and_its_epoch_is_over()
    {
        var leader = await LeadingAsync();
        var asked = AskAsync(Loss(b, 1, [c], a));
        await ChallengeAsync(leader);
        await AdvanceUntilAsync(asked, 1_100);

        var answer = await asked;
        Assert.Equal((Verdict.Stay, 2L), Told(answer));
        Assert.Equal([ByteString.CopyFrom(a.Id.ToArray())], answer.Verdict!.Removed);
        var end = await leader.EndedAsync();
        Assert.Equal(StatusCode.Aborted, end.Code);
        Assert.StartsWith("this replica was removed from its group", end.Reason, StringComparison.Ordinal);
        Assert.Null(end.RetryAfter);
        Assert.Equal(new SessionEpoch(2), await store.ReadEpochAsync(Id, TestContext.Current.CancellationToken));
        Assert.Equal(("offline", new SessionEpoch(2)), ((await SessionAsync()).State, (await SessionAsync()).Epoch));
        await RecordedAsync("its leader was removed from the group (generation 2)");
        Assert.Single(store.Logs(Id), record => record.Message.Contains("was removed", StringComparison.Ordinal));

        // What comes back under the same group boot id is refused, and the survivor is not.
        Assert.Equal(StatusCode.Aborted, (await Claim(a).EndedAsync()).Code);
        var next = await LiveAsync(Claim(c));
        Assert.Equal(new SessionEpoch(3), next.AcceptedEpoch);
        Assert.Equal((Verdict.Leave, 2L), Told(await AskAsync(Loss(a, 1, [], b, c))));
    }

    [Fact]
    public async Task Leader_that_answers_the_challenge_wins_with_its_side()
    {
        var leader = await LeadingAsync();
        var (theirs, mine) = (AskAsync(Loss(b, 1, [c], a)), AskAsync(Loss(a, 1, [], b, c)));
        Answer(leader, await ChallengeAsync(leader));
        await AdvanceUntilAsync(theirs, 800);

        Assert.Equal(((Verdict.Leave, 2L), (Verdict.Stay, 2L)), (Told(await theirs), Told(await mine)));
        Assert.Null(leader.End);
        Assert.Equal("online", (await SessionAsync()).State);
        Assert.Equal(new SessionEpoch(1), await store.ReadEpochAsync(Id, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Wrong_answer_to_the_challenge_is_none()
    {
        var leader = await LeadingAsync();
        var asked = AskAsync(Loss(b, 1, [c], a));
        await ChallengeAsync(leader);
        Answer(leader, ByteString.CopyFrom(new byte[32]));
        Answer(leader, ByteString.Empty);
        await AdvanceUntilAsync(asked, 1_100);

        Assert.Equal(Verdict.Stay, Told(await asked).Verdict);
    }

    [Fact]
    public async Task Leader_whose_stream_ends_is_not_waited_for()
    {
        var leader = await LeadingAsync();
        connectors.Tell(new ControlStreamProtocol.StreamEnded(Id, leader.StreamId, "the connection broke"));
        var asked = AskAsync(Loss(b, 1, [c], a));

        var waited = await AdvanceUntilAsync(asked, 800);

        Assert.Equal(Verdict.Stay, Told(await asked).Verdict);
        Assert.True(waited >= TimeSpan.FromMilliseconds(600), $"decided after {waited}");
        Assert.DoesNotContain(leader.Sent, message => message.RequestTypeCase == ResponseCase.Challenge);
    }

    [Fact]
    public async Task Question_that_is_not_decided_is_held_for_a_second_and_a_half_and_told_when_to_ask_again()
    {
        var leader = await LeadingAsync();
        var asked = AskAsync(Loss(b, 1, [c], a));
        Answer(leader, await ChallengeAsync(leader));
        await AdvanceUntilAsync(asked, 1_600);

        var answer = await asked;
        Assert.Equal((Verdict.Wait, 250), (answer.Verdict!.Verdict, answer.Verdict.RetryAfterMs));
        Assert.Equal(1, store.Group(Id).Generation);
    }

    [Fact]
    public async Task Challenge_of_a_claim_and_of_the_group_go_side_by_side()
    {
        var leader = await LeadingAsync();
        var claim = Claim(Replica.Of("stranger"), alone: true);
        var first = await ChallengeAsync(leader);
        var asked = AskAsync(Loss(b, 1, [c], a));
        await leader.SentAsync(sent => sent.Count(message => message.RequestTypeCase == ResponseCase.Challenge) == 2);
        foreach (var challenge in leader.Sent.Where(message => message.RequestTypeCase == ResponseCase.Challenge).Select(message => message.Challenge.Nonce).ToList())
        {
            Answer(leader, challenge);
        }

        Assert.Equal(StatusCode.AlreadyExists, (await claim.EndedAsync()).Code);
        await AdvanceUntilAsync(asked, 1_600);
        Assert.Equal(Verdict.Wait, Told(await asked).Verdict);
        Assert.NotEqual(first, leader.Sent.Last(message => message.RequestTypeCase == ResponseCase.Challenge).Challenge.Nonce);
        Assert.Null(leader.End);
    }

    [Fact]
    public async Task Claim_that_is_being_committed_while_its_member_is_removed_is_refused()
    {
        await LeadingAsync();
        var raising = new TaskCompletionSource();
        store.BeforeRaise = () => raising.Task;
        connectors.Tell(new ControlStreamProtocol.StreamEnded(Id, lastStreamId, "gone"));
        var claim = Claim(a);
        await RoundTripAsync();

        // Another process of the server decides meanwhile.
        await store.DecideGroupAsync(Id, 1, store.Group(Id).Decide(2, [b.Member], [a.Id], null), TestContext.Current.CancellationToken);
        raising.SetResult();

        Assert.Equal(StatusCode.Aborted, (await claim.EndedAsync()).Code);
        store.BeforeRaise = () => Task.CompletedTask;
        await LiveAsync(Claim(b));
        Assert.Null(claim.AcceptedEpoch);
    }

    [Fact]
    public async Task Claim_of_a_removed_member_is_refused_by_an_entity_that_has_just_been_made()
    {
        store.SetGroup(Id, GroupRecord.None.Decide(4, [b.Member], [a.Id], null));

        var end = await Claim(a).EndedAsync();

        Assert.Equal(StatusCode.Aborted, end.Code);
        Assert.Equal(new SessionEpoch(0), await store.ReadEpochAsync(Id, TestContext.Current.CancellationToken));
        await LiveAsync(Claim(b));
        // The table stands as it is for everybody else, lone processes included.
        Assert.Empty(store.Logs(Id).Where(record => record.Message.Contains("removed", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Decision_of_another_process_ends_the_session_that_it_removed_at_the_next_question()
    {
        var leader = await LeadingAsync();
        await store.DecideGroupAsync(Id, 1, store.Group(Id).Decide(2, [b.Member], [a.Id, c.Id], null), TestContext.Current.CancellationToken);

        Assert.Equal((Verdict.Stay, 2L), Told(await AskAsync(Loss(b, 1, [], a, c))));

        Assert.Equal(StatusCode.Aborted, (await leader.EndedAsync()).Code);
        var next = await LiveAsync(Claim(b));
        Assert.Equal(new SessionEpoch(3), next.AcceptedEpoch);
    }

    [Fact]
    public async Task Join_brings_configuration_edges_and_a_ticket()
    {
        await LeadingAsync();

        var verdict = (await AskAsync(Form(Replica.Of("d")))).Verdict!;

        Assert.Equal(Verdict.Join, verdict.Verdict);
        Assert.Equal(new ConfigVersion { Incarnation = "inc", Number = 1 }, verdict.Init.ConfigVersion);
        Assert.Equal("edge-1", Assert.Single(verdict.Edges.Edges_).EdgeId);
        Assert.True(new TokenVerifier([signingKey.PublicKey], time).TryVerifyTicket(verdict.Ticket.Ticket, out var claims, out var reason), reason);
        Assert.Equal(
            (Id, "d", new KeyThumbprint("key of d"), "token", time.GetUtcNow() + TimeSpan.FromHours(24)),
            (claims.ConnectorId, claims.ReplicaId.Value, claims.Thumbprint, claims.TicketId, claims.ExpiresAt));
    }

    [Fact]
    public async Task Join_leaves_the_configuration_out_for_who_has_it_also_after_a_change_that_means_nothing_to_replicas()
    {
        await LeadingAsync();
        var have = Form(b.Again()) with { Held = new DesiredStateVersion("inc", 1) };
        Assert.Null((await AskAsync(have)).Verdict!.Init);
        store.SetDesired(Id, new ConnectorDesiredState(new DesiredStateVersion("inc", 2), "connector", "org", "Org", TimeSpan.FromSeconds(10), [], []));
        connectors.Tell(new ConnectorsProtocol.DesiredStateChanged(Id));
        await RoundTripAsync();

        await AwaitAssertAsync(async () => Assert.Null((await AskAsync(have)).Verdict!.Init), Patience);
    }

    [Fact]
    public async Task Store_that_fails_refuses_all_and_decides_nothing()
    {
        store.BeforeDecide = () => throw new IOException("disk");
        Assert.Equal(StatusCode.Unavailable, (await AskAsync(Form(a))).Status.StatusCode);
        store.BeforeDecide = () => Task.CompletedTask;
        store.BeforeCheck = () => throw new IOException("disk");
        Assert.Equal(StatusCode.Unavailable, (await AskAsync(Form(a))).Status.StatusCode);
        store.BeforeCheck = () => Task.CompletedTask;
        Assert.Equal(0, store.Group(Id).Generation);
        Assert.Equal(Verdict.MayForm, Told(await AskAsync(Form(a))).Verdict);

        store.BeforeRead = () => throw new IOException("disk");
        Assert.Equal(StatusCode.Unavailable, (await AskAsync(Form(b))).Status.StatusCode);
    }

    [Theory]
    [InlineData(TokenStanding.Revoked, StatusCode.Unauthenticated, "the token was revoked")]
    [InlineData(TokenStanding.UnknownToken, StatusCode.Unauthenticated, "the token is not known to this control plane")]
    [InlineData(TokenStanding.ConnectorDeleted, StatusCode.Cancelled, "connector deleted")]
    public async Task Token_not_in_force_is_refused_as_a_claim_is(TokenStanding standing, StatusCode code, string reason)
    {
        store.SetToken("token", standing);

        var answer = await AskAsync(Form(a));

        Assert.Equal((code, reason), (answer.Status.StatusCode, answer.Status.Detail));
        Assert.Equal(0, store.Group(Id).Generation);
    }

    [Fact]
    public async Task Held_questions_end_with_their_token_or_connector()
    {
        await LeadingAsync();
        var first = AskAsync(Loss(b, 1, [c], a));
        await RoundTripAsync();
        connectors.Tell(new ConnectorsProtocol.TokenRevoked(Id, "another"));
        await RoundTripAsync();
        Assert.False(first.IsCompleted);
        connectors.Tell(new ConnectorsProtocol.TokenRevoked(Id, "token"));
        Assert.Equal((StatusCode.Unauthenticated, "the token was revoked"), (await first) is var told ? (told.Status.StatusCode, told.Status.Detail) : default);

        var second = AskAsync(Loss(b, 1, [c], a));
        await RoundTripAsync();
        connectors.Tell(new ConnectorsProtocol.ConnectorDeleted(Id));
        Assert.Equal(StatusCode.Cancelled, (await second).Status.StatusCode);
    }

    [Fact]
    public async Task Questions_beyond_the_bound_are_refused_and_the_others_answered()
    {
        var checking = new TaskCompletionSource();
        store.BeforeCheck = () => checking.Task;
        var asked = Enumerable.Range(0, GroupVerdicts.MaxPending).Select(index => AskAsync(Form(Replica.Of($"r{index}")))).ToList();
        var beyond = await AskAsync(Form(a));
        Assert.Equal(StatusCode.ResourceExhausted, beyond.Status.StatusCode);
        Assert.NotNull(beyond.RetryAfter);

        checking.SetResult();

        var answers = await Task.WhenAll(asked);
        Assert.Single(answers, answer => answer.Verdict!.Verdict == Verdict.MayForm);
        Assert.Equal(GroupVerdicts.MaxPending - 1, answers.Count(answer => answer.Verdict!.Verdict == Verdict.Join));
    }

    [Fact]
    public async Task Questions_that_come_too_fast_are_refused_for_a_while()
    {
        GroupProtocol.Answered answer;
        var answered = 0;
        do
        {
            answer = await AskAsync(Form(a));
            answered++;
        }
        while (answer.Verdict is not null && answered < 1_000);

        Assert.Equal(StatusCode.ResourceExhausted, answer.Status.StatusCode);
        Assert.True(answered > 200, $"refused after {answered}");
        Advance(TimeSpan.FromSeconds(1));
        Assert.NotNull((await AskAsync(Form(a))).Verdict);
    }

    // ---- what the leader reports

    [Fact]
    public async Task Report_brings_tickets_for_new_members_at_once_and_all_are_renewed()
    {
        // The longest interval there is, so that a step of an hour is no silence.
        store.SetDesired(Id, new ConnectorDesiredState(new DesiredStateVersion("inc", 1), "connector", "org", "Org", TimeSpan.FromHours(1), [], []));
        await AskAsync(Form(a));
        var leader = await LiveAsync(Claim(a));
        Report(leader, a, b);
        await leader.SentAsync(5);
        Assert.Equal(["b"], leader.Sent.ElementAt(4).Tickets.Tickets_.Select(ticket => ticket.ReplicaId));
        Report(leader, a, b);
        Report(leader, a, b, c);
        await leader.SentAsync(6);
        Assert.Equal(["c"], leader.Sent.ElementAt(5).Tickets.Tickets_.Select(ticket => ticket.ReplicaId));
        await RoundTripAsync();

        for (var hour = 0; hour < 12; hour++)
        {
            Assert.Equal(6, leader.Sent.Count);
            leader.LastHeard = time.GetUtcNow();
            Advance(TimeSpan.FromHours(1));
            await RoundTripAsync();
        }

        await leader.SentAsync(7);
        Assert.Equal(["a", "b", "c"], leader.Sent.ElementAt(6).Tickets.Tickets_.Select(ticket => ticket.ReplicaId));
    }

    [Fact]
    public async Task Report_is_shown_with_roles_while_the_session_lives()
    {
        var leader = await LeadingAsync();
        Report(leader, a, b, c);
        connectors.Tell(new ControlStreamProtocol.ConfigApplied(Id, leader.StreamId, new ReplicaId("b"), new DesiredStateVersion("inc", 1)));

        var session = await SessionAsync();
        Assert.Equal([("a", "leader"), ("b", "member"), ("c", "member")], session.Replicas.Select(replica => (replica.ReplicaId.Value, replica.Role!)));
        Assert.Equal(
            ("2.0", time.GetUtcNow().AddHours(-1), 3, new DesiredStateVersion("inc", 1)),
            (session.Replicas[1].Version, session.Replicas[1].StartedAt, session.Replicas[1].LiveStreams, session.Replicas[1].Applied));

        connectors.Tell(new ControlStreamProtocol.StreamEnded(Id, leader.StreamId, "gone"));
        Assert.Empty((await SessionAsync()).Replicas);
        Report(leader, a, b);
        await RoundTripAsync();
        var next = await LiveAsync(Claim(b));
        Assert.Equal(["b"], (await SessionAsync()).Replicas.Select(replica => replica.ReplicaId.Value));
        Assert.Null(next.End);
    }

    [Fact]
    public async Task Lone_replica_is_shown_as_such_also_when_it_reports_itself()
    {
        var lone = await LiveAsync(Claim(a, alone: true));
        Assert.Equal("lone", Assert.Single((await SessionAsync()).Replicas).Role);

        connectors.Tell(new GroupProtocol.GroupReported(Id, lone.StreamId, [Member(a) with { GroupBootId = null }]));

        var replica = Assert.Single((await SessionAsync()).Replicas);
        Assert.Equal(("lone", time.GetUtcNow().AddHours(-1)), (replica.Role, replica.StartedAt));
        Assert.Equal(0, store.Group(Id).Generation);
    }

    [Fact]
    public async Task Members_are_noted_again_when_the_store_refused_it()
    {
        await AskAsync(Form(a));
        var leader = await LiveAsync(Claim(a));
        store.BeforeNote = () => throw new IOException("disk");
        Report(leader, a, b);
        await RoundTripAsync();
        Assert.Single(store.Group(Id).Members);
        store.BeforeNote = () => Task.CompletedTask;

        await AwaitAssertAsync(
            () =>
            {
                leader.LastHeard = time.GetUtcNow();
                Advance(ConnectorActor.TickInterval);
                Assert.Equal([a.Member, b.Member], store.Group(Id).Members);
            },
            Patience);
    }

    [Fact]
    public async Task Report_of_a_stream_that_is_not_the_session_counts_for_nothing()
    {
        var leader = await LeadingAsync();
        connectors.Tell(new GroupProtocol.GroupReported(Id, leader.StreamId + 999, [Member(Replica.Of("stranger"))]));
        await RoundTripAsync();

        Assert.Equal(3, store.Group(Id).Members.Length);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        signingKey.Dispose();
    }

    private static VerifiedQuestion Form(Replica asker)
        => new(asker.Identity, asker.Id, GroupQuestionBody.Types.Kind.Form, 0, [asker.Id], [], DesiredStateVersion.None, "1.0");

    private static VerifiedQuestion Loss(Replica asker, long generation, Replica[] reached, params Replica[] unreached)
        => new(
            asker.Identity, asker.Id, GroupQuestionBody.Types.Kind.Loss, generation, [asker.Id, .. reached.Select(other => other.Id)],
            [.. unreached.Select(other => other.Id)], DesiredStateVersion.None, "1.0");

    private static (Verdict Verdict, long Generation) Told(GroupProtocol.Answered answer)
        => answer.Verdict is { } verdict ? (verdict.Verdict, verdict.Generation) : throw new InvalidOperationException($"refused: {answer.Status}");

    /// <summary>a formed the group of a, b and c and has its control session, for long enough that this proves nothing of now.</summary>
    private async Task<RecordingStream> LeadingAsync()
    {
        await AskAsync(Form(a));
        var leader = await LiveAsync(Claim(a));
        Report(leader, a, b, c);
        await AwaitAssertAsync(() => Assert.Equal(3, store.Group(Id).Members.Length), Patience);
        await RoundTripAsync();
        Advance(TimeSpan.FromSeconds(11));
        leader.LastHeard = time.GetUtcNow();
        await RoundTripAsync();
        return leader;
    }

    private ReportedMember Member(Replica replica) => new(replica.Identity, replica.Id, "2.0", time.GetUtcNow().AddHours(-1), false, 3, replica == a);

    private void Report(RecordingStream leader, params Replica[] members)
        => connectors.Tell(new GroupProtocol.GroupReported(Id, leader.StreamId, [.. members.Select(Member)]));

    private Task<GroupProtocol.Answered> AskAsync(VerifiedQuestion question)
        => connectors.Ask<GroupProtocol.Answered>(new GroupProtocol.AskVerdict(Id, "org", "token", null, question), Timeout.InfiniteTimeSpan).WaitAsync(Patience);

    private RecordingStream Claim(Replica replica, bool alone = false)
    {
        var stream = new RecordingStream(++lastStreamId, true) { LastHeard = time.GetUtcNow() };
        GroupBootId? group = alone ? null : replica.Id;
        var hello = new VerifiedHello(replica.Identity, "1.0", DesiredStateVersion.None, time.GetUtcNow(), []) { GroupBootId = group };
        var claim = new Claim(stream.StreamId, "token", null, replica.Identity, true, [.. BitConverter.GetBytes(stream.StreamId)], "198.51.100.7") { GroupBootId = group };
        connectors.Tell(new ControlStreamProtocol.ClaimSession(Id, "org", claim, OurFeatures, hello, stream));
        return stream;
    }

    private static async Task<RecordingStream> LiveAsync(RecordingStream stream)
    {
        await stream.SentAsync(4);
        return stream;
    }

    private static async Task<ByteString> ChallengeAsync(RecordingStream stream)
    {
        await stream.SentAsync(sent => sent.Any(message => message.RequestTypeCase == ResponseCase.Challenge));
        return stream.Sent.Last(message => message.RequestTypeCase == ResponseCase.Challenge).Challenge.Nonce;
    }

    private void Answer(RecordingStream stream, ByteString nonce)
        => connectors.Tell(new ControlStreamProtocol.ChallengeAnswered(Id, stream.StreamId, [.. nonce.Span]));

    /// <summary>Lets time pass until there is an answer; gives how much it took.</summary>
    private async Task<TimeSpan> AdvanceUntilAsync(Task answer, int milliseconds)
    {
        await RoundTripAsync();
        var waited = 0;
        while (!answer.IsCompleted)
        {
            Assert.True(waited <= milliseconds, $"no answer after {waited} ms");
            Advance(TimeSpan.FromMilliseconds(50));
            waited += 50;
            await RoundTripAsync();
        }

        return TimeSpan.FromMilliseconds(waited);
    }

    private async Task StopIdleAsync()
    {
        var entity = await Sys.ActorSelection(connectors.Path / Id.Value).ResolveOne(Patience);
        Watch(entity);
        for (var i = 0; i < 70; i++)
        {
            Advance(ConnectorActor.TickInterval);
            await connectors.Ask<ActorIdentity>(new Identify(1), Timeout.InfiniteTimeSpan).WaitAsync(Patience);
        }

        await ExpectTerminatedAsync(entity, Patience);
    }

    private Task<ConnectorsProtocol.SessionState> SessionAsync()
        => connectors.Ask<ConnectorsProtocol.SessionState>(new ConnectorsProtocol.GetSession(Id), Timeout.InfiniteTimeSpan).WaitAsync(Patience);

    /// <summary>Everything told so far, and what it set off in the entity itself, has been handled.</summary>
    private async Task RoundTripAsync()
    {
        for (var i = 0; i < 3; i++)
        {
            await SessionAsync();
        }
    }

    private Task RecordedAsync(string text)
        => AwaitAssertAsync(() => Assert.Contains(store.Logs(Id), record => record.Message.Contains(text, StringComparison.Ordinal)), Patience);

    private void Advance(TimeSpan by)
    {
        time.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
    }
}
