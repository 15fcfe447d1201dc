using System.Diagnostics;
using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using Connector.Tests.Server.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using static Connector.Protocol.Control.Wire.GroupVerdict.Types;
using static Connector.Tests.Server.Hosting.ControlPlaneFixture;
using ResponseCase = Connector.Protocol.Control.Wire.ControlStreamResponse.RequestTypeOneofCase;

namespace Connector.Tests.Server.Control;

/// <summary>AskGroupVerdict over gRPC and TLS, beside control streams of the same replicas.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class GroupVerdictCallTests : IAsyncLifetime
{
    private ControlPlaneFixture server = null!;
    private GroupQuestions a = null!;
    private GroupQuestions b = null!;

    public async ValueTask InitializeAsync()
    {
        // The store in memory is at once; a busy machine may not be.
        server = await ControlPlaneFixture.StartAsync(new ControlLimits { QuestionDeadline = TimeSpan.FromSeconds(20) });
        (a, b) = (new GroupQuestions(server), new GroupQuestions(server));
    }

    public async ValueTask DisposeAsync()
    {
        a.Dispose();
        b.Dispose();
        await server.DisposeAsync();
    }

    [Fact]
    public async Task First_may_form_and_the_next_joins_with_all_it_needs_to_serve_meanwhile()
    {
        server.Store.SetDesired(ControlPlaneFixture.ConnectorId, State(3, Item("socket-1")));
        var first = await a.AskAsync(a.Form());
        Assert.Equal((Verdict.MayForm, 1L), (first.Verdict, first.Generation));

        var second = await b.AskAsync(b.Form());

        Assert.Equal((Verdict.Join, 1L), (second.Verdict, second.Generation));
        Assert.Contains($"{a.ReplicaId} was allowed to form the group", second.Reason, StringComparison.Ordinal);
        Assert.Equal("socket-1", Assert.Single(second.Init.Sockets).Id);
        Assert.Equal(new ConfigVersion { Incarnation = "inc", Number = 3 }, second.Init.ConfigVersion);
        Assert.Equal(server.Pins, Assert.Single(second.Edges.Edges_).CaPins);
        Assert.True(server.Verifier.TryVerifyTicket(second.Ticket.Ticket, out var ticket, out var reason), reason);
        Assert.Equal((b.ReplicaId, KeyThumbprint.Of(b.Key.ExportSubjectPublicKeyInfo()), "token"), (ticket.ReplicaId.Value, ticket.Thumbprint, ticket.TicketId));
        Assert.Equal(b.ReplicaId, second.Ticket.ReplicaId);
    }

    [Fact]
    public async Task Asker_that_has_the_desired_state_is_not_sent_it_again()
    {
        await a.AskAsync(a.Form());
        var body = b.Form();
        body.Held = new ConfigVersion { Incarnation = "inc", Number = 1 };

        var verdict = await b.AskAsync(body);

        Assert.Equal(Verdict.Join, verdict.Verdict);
        Assert.Null(verdict.Init);
        Assert.NotNull(verdict.Edges);
    }

    [Fact]
    public async Task Configuration_that_no_client_takes_is_refused_with_the_remedy()
    {
        server.Store.SetDesired(ControlPlaneFixture.ConnectorId, State(3, Item("a", $$"""{"x":"{{new string('x', 5_000_000)}}"}""")));
        await a.AskAsync(a.Form());

        var status = await b.RefusedAsync(GroupQuestions.Sign(b.Form(), b.Key));

        Assert.Equal(StatusCode.FailedPrecondition, status.StatusCode);
        Assert.Contains("remove or shrink sockets", status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Survivor_of_a_killed_leader_stays_and_gets_the_control_session()
    {
        await a.AskAsync(a.Form());
        var leader = await a.ConnectAsync();
        await leader.ExpectStartAsync();
        await leader.DisposeAsync();
        await EventuallyAsync(() => server.SessionAsync().GetAwaiter().GetResult().State == "offline", () => "still online");
        var clock = Stopwatch.StartNew();

        var verdict = await b.DecidedAsync(() => b.Loss(1, [], a));

        Assert.Equal((Verdict.Stay, 2L), (verdict.Verdict, verdict.Generation));
        Assert.Equal([GroupQuestions.Bytes(a.Group)], verdict.Removed);
        // Timers fire late on a busy machine, never early: what is measured is the lower bound.
        Assert.True(clock.Elapsed > TimeSpan.FromMilliseconds(600), $"{clock.Elapsed}");
        await using var next = await b.ConnectAsync();
        await next.ExpectStartAsync();
    }

    [Fact]
    public async Task Leader_that_does_not_answer_loses_its_control_session_and_cannot_claim_again()
    {
        await a.AskAsync(a.Form());
        await using var leader = await a.ConnectAsync();
        await leader.ExpectStartAsync();
        var epoch = (await server.SessionAsync()).Epoch;

        var asked = b.DecidedAsync(() => b.Loss(1, [], a));
        await leader.ExpectAsync(ResponseCase.Challenge);
        var verdict = await asked;

        Assert.Equal(Verdict.Stay, verdict.Verdict);
        var (status, retryAfter) = await leader.EndAsync();
        Assert.Equal(StatusCode.Aborted, status.StatusCode);
        Assert.StartsWith("this replica was removed from its group", status.Detail, StringComparison.Ordinal);
        Assert.Null(retryAfter);
        Assert.Equal(new SessionEpoch(epoch.Value + 1), await server.Store.ReadEpochAsync(ControlPlaneFixture.ConnectorId, TestContext.Current.CancellationToken));
        Assert.Equal(Verdict.Leave, (await a.AskAsync(a.Loss(1, [], b))).Verdict);
        await using (var refused = await a.ConnectAsync())
        {
            Assert.Equal(StatusCode.Aborted, (await refused.EndAsync()).Status.StatusCode);
        }

        await using var next = await b.ConnectAsync();
        Assert.Equal(epoch.Value + 2, (await next.ExpectAsync(ResponseCase.HelloAck)).HelloAck.Epoch);
        await Eventually.IsTrue(
            () => server.Store.Logs(ControlPlaneFixture.ConnectorId).Any(record => record.Message.Contains("its leader was removed from the group", StringComparison.Ordinal)), "it is recorded");
        Assert.Single(
            server.Store.Logs(ControlPlaneFixture.ConnectorId), record => record.Message.Contains("its leader was removed from the group", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Leader_that_answers_and_asks_stays_and_the_other_comes_back_under_a_new_group_boot_id()
    {
        await a.AskAsync(a.Form());
        await using var leader = await a.ConnectAsync();
        await leader.ExpectStartAsync();
        // Challenged only when it was not accepted just now.
        var answering = leader.AnswerChallengesUntilAsync(ResponseCase.Heartbeat);
        var (mine, theirs) = (a.DecidedAsync(() => a.Loss(1, [], b)), b.DecidedAsync(() => b.Loss(1, [], a)));
        Assert.Equal((Verdict.Stay, Verdict.Leave), ((await mine).Verdict, (await theirs).Verdict));

        b.Group = GroupBootId.New();
        Assert.Equal(Verdict.Join, (await b.AskAsync(b.Form())).Verdict);
        await leader.SendAsync(new ControlStreamRequest { Heartbeat = new() });
        await answering;
    }

    [Fact]
    public async Task Leader_reports_its_group_and_gets_tickets_for_new_members_at_once()
    {
        await a.AskAsync(a.Form());
        await using var leader = await a.ConnectAsync();
        await leader.ExpectStartAsync();
        var started = new DateTimeOffset(2026, 11, 22, 8, 0, 0, TimeSpan.Zero);
        var report = new GroupReport
        {
            Members =
            {
                new MemberReport { Member = ControlStreamClient.Member(a.Key, a.Boot), GroupBootId = GroupQuestions.Bytes(a.Group), Version = "1.0", Leader = true },
                new MemberReport
                {
                    Member = ControlStreamClient.Member(b.Key, b.Boot), GroupBootId = GroupQuestions.Bytes(b.Group), Version = "1.1\n", Draining = true, LiveStreams = 7,
                    StartedAt = Timestamp.FromDateTimeOffset(started),
                },
                // Left out.
                new MemberReport { Member = new GroupMember { ReplicaId = "x" } },
                new MemberReport { Member = ControlStreamClient.Member(b.Key, b.Boot), GroupBootId = ByteString.CopyFrom(new byte[3]) },
            },
        };
        await leader.SendAsync(new ControlStreamRequest { Group = report });

        var ticket = Assert.Single((await leader.ExpectAsync(ResponseCase.Tickets)).Tickets.Tickets_);
        Assert.True(server.Verifier.TryVerifyTicket(ticket.Ticket, out var claims, out var reason), reason);
        Assert.Equal((b.ReplicaId, KeyThumbprint.Of(b.Key.ExportSubjectPublicKeyInfo())), (ticket.ReplicaId, claims.Thumbprint));
        var replicas = (await server.SessionAsync()).Replicas;
        Assert.Equal([(a.ReplicaId, "leader"), (b.ReplicaId, "member")], replicas.Select(replica => (replica.ReplicaId.Value, replica.Role!)));
        Assert.Equal(("1.1 ", started, true, 7), (replicas[1].Version, replicas[1].StartedAt, replicas[1].Draining, replicas[1].LiveStreams));
        await EventuallyAsync(() => server.Store.Group(ControlPlaneFixture.ConnectorId).Members.Length == 2, () => "members were not noted");

        // Nothing new, no ticket.
        await leader.SendAsync(new ControlStreamRequest { Group = report });
        await leader.SendAsync(new ControlStreamRequest { Heartbeat = new() });
        await leader.ExpectAsync(ResponseCase.Heartbeat);
    }

    // ---- refusals

    [Fact]
    public async Task Bad_tokens_are_refused_as_on_a_control_stream()
    {
        var now = DateTimeOffset.UtcNow;
        server.Store.SetToken("revoked", TokenStanding.Revoked);
        server.Store.SetToken("orphaned", TokenStanding.ConnectorDeleted);
        (string Token, StatusCode Code, string Reason)[] cases =
        [
            ("", StatusCode.Unauthenticated, "no connector token"), ("garbage", StatusCode.Unauthenticated, ""),
            (server.Token("unknown"), StatusCode.Unauthenticated, "not known"), (server.Token("revoked"), StatusCode.Unauthenticated, "the token was revoked"),
            (server.Token(issuedAt: now.AddHours(-2), expiresAt: now.AddHours(-1)), StatusCode.Unauthenticated, "expired"),
            (server.Token("orphaned"), StatusCode.Cancelled, "connector deleted"),
        ];
        foreach (var (token, code, reason) in cases)
        {
            var status = await a.RefusedAsync(GroupQuestions.Sign(a.Form(), a.Key), token);
            Assert.Equal(code, status.StatusCode);
            Assert.Contains(reason, status.Detail, StringComparison.Ordinal);
        }

        Assert.Equal(0, server.Store.Group(ControlPlaneFixture.ConnectorId).Generation);
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Question_that_is_not_proved_is_refused()
    {
        var status = await a.RefusedAsync(GroupQuestions.Sign(a.Form(), b.Key));

        Assert.Equal(StatusCode.Unauthenticated, status.StatusCode);
        Assert.Contains("signature", status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Store_that_does_not_answer_is_unavailable_and_decides_nothing()
    {
        server.Store.BeforeCheck = () => throw new IOException("disk");
        Assert.Equal(StatusCode.Unavailable, (await a.RefusedAsync(GroupQuestions.Sign(a.Form(), a.Key))).StatusCode);
        server.Store.BeforeCheck = () => Task.CompletedTask;
        server.Store.BeforeDecide = () => throw new IOException("disk");
        Assert.Equal(StatusCode.Unavailable, (await a.RefusedAsync(GroupQuestions.Sign(a.Form(), a.Key))).StatusCode);
        Assert.Equal(0, server.Store.Group(ControlPlaneFixture.ConnectorId).Generation);
        server.Store.BeforeDecide = () => Task.CompletedTask;

        Assert.Equal(Verdict.MayForm, (await a.AskAsync(a.Form())).Verdict);
    }

    [Fact]
    public async Task Question_is_given_up_at_its_deadline()
    {
        await using var quick = await ControlPlaneFixture.StartAsync(new ControlLimits { QuestionDeadline = TimeSpan.FromMilliseconds(300) });
        var hold = new TaskCompletionSource();
        quick.Store.BeforeCheck = () => hold.Task;
        using var asker = new GroupQuestions(quick);

        var status = await asker.RefusedAsync(GroupQuestions.Sign(asker.Form(), asker.Key));

        Assert.Equal(StatusCode.Unavailable, status.StatusCode);
        Assert.Contains("was not answered within 0.3 s", status.Detail, StringComparison.Ordinal);
        hold.SetResult();
    }
}
