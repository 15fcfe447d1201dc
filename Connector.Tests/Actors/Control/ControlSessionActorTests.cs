using System.Security.Cryptography;
using Connector.Actors.Control;
using Connector.Actors.Logs;
using Connector.Actors.Sockets;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using Xunit;
using static Connector.Actors.Control.ControlSessionProtocol;
using Kind = Connector.Protocol.Control.Wire.ControlStreamRequest.RequestTypeOneofCase;

namespace Connector.Tests.Actors.Control;

[Trait("kind", Kinds.Actor)]
public sealed class ControlSessionActorTests : ControlSessionSpec
{
    [Fact]
    public void Backoff_server_away_follows_the_whole_schedule_and_never_gives_up()
    {
        Start();
        for (var failures = 0; failures < 25; failures++)
        {
            Transport.Next().Fail(new ControlFailure(ControlFailureKind.Unreachable, $"down {failures}"));
            Assert.Equal($"down {failures}", ExpectStatus(ControlSessionState.Connecting).Reason);
            var ceiling = Math.Min(20, 0.5 * Math.Pow(1.5, failures + 1));
            var delay = TimeSpan.FromSeconds(0.5 + ((ceiling - 0.5) * Random));
            Advance(delay - TimeSpan.FromMilliseconds(2));
            Settle();
            Assert.Equal(failures + 1, Transport.Opened);
            Advance(TimeSpan.FromMilliseconds(4));
        }

        Assert.NotNull(Transport.Next());
    }

    [Fact]
    public void Backoff_after_applied_Init_begins_anew()
    {
        Start();
        for (var failures = 0; failures < 8; failures++)
        {
            Transport.Next().Fail(new ControlFailure(ControlFailureKind.Unreachable, $"down {failures}"));
            ExpectStatus(ControlSessionState.Connecting);
            Advance(TimeSpan.FromSeconds(20));
        }

        var connection = GoOnline();
        connection.End(new ControlFailure(ControlFailureKind.Ended, "cut"));
        ExpectStatus(ControlSessionState.Connecting);
        var opened = Transport.Opened;
        Advance(TimeSpan.FromSeconds(0.76));
        Settle();
        Assert.Equal(opened + 1, Transport.Opened);
    }

    [Fact]
    public void Backoff_accepted_claim_without_applied_Init_goes_on_growing()
    {
        Start();
        for (var failures = 0; failures < 6; failures++)
        {
            var connection = Transport.Next().Succeed();
            connection.Push(Accept(1));
            connection.End(new ControlFailure(ControlFailureKind.Ended, $"broken {failures}"));
            ExpectStatus(ControlSessionState.Connecting);
            if (failures < 5)
                Advance(TimeSpan.FromSeconds(20));
        }

        var opened = Transport.Opened;
        Advance(TimeSpan.FromSeconds(1));
        Settle();
        Assert.Equal(opened, Transport.Opened);
    }

    [Fact]
    public void Backoff_server_names_a_slot_waits_for_it()
    {
        Start();
        Transport.Next().Fail(new ControlFailure(ControlFailureKind.AlreadyConnected, "connector is already connected", TimeSpan.FromSeconds(7)));
        ExpectStatus(ControlSessionState.Refused);
        Advance(TimeSpan.FromSeconds(6.99));
        Settle();
        Assert.Equal(1, Transport.Opened);
        Advance(TimeSpan.FromSeconds(0.02));
        Settle();
        Assert.Equal(2, Transport.Opened);
    }

    [Fact]
    public void Claim_accepted_signs_hello_and_is_online_with_the_epoch()
    {
        Start();
        var connection = Transport.Next().Succeed();
        var hello = connection.Expect(Kind.Hello).Hello;
        var signed = connection.Nonce.ToArray().Concat(hello.Body.ToByteArray()).ToArray();
        Assert.True(Key.VerifyData(
            signed, hello.Signature.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
        var body = HelloBody.Parser.ParseFrom(hello.Body);
        Assert.Equal(("replica-1", 16, "connector-1"), (body.Self.ReplicaId, body.Self.BootId.Length, body.ConnectorId));
        Assert.Equal(Key.ExportSubjectPublicKeyInfo(), body.Self.PublicKey.ToByteArray());
        var metadata = connection.Expect(Kind.Metadata).Metadata.Data.Fields["connector_internal_metadata"].StructValue;
        Assert.Equal("1.2.3", metadata.Fields["version"].StringValue);

        connection.Push(Accept(42));
        connection.Push(Init(3));
        Apply<DesiredStateProtocol.ApplyInit>(m => m.Attempt, 3);
        Assert.Equal(new SessionEpoch(42), ExpectStatus(ControlSessionState.Online).Epoch);
        var applied = connection.Expect(Kind.ConfigApplied).ConfigApplied;
        Assert.Equal(("a", 3L, "replica-1"), (applied.ConfigVersion.Incarnation, applied.ConfigVersion.Number, applied.ReplicaId));
    }

    [Fact]
    public void Claim_waits_for_what_an_earlier_start_left_and_names_it()
    {
        Start(null);
        Advance(TimeSpan.FromSeconds(11.9));
        Settle();
        Assert.Equal(0, Transport.Opened);

        Hold(new DesiredStateVersion("a", 5));

        var body = HelloBody.Parser.ParseFrom(Transport.Next().Succeed().Expect(Kind.Hello).Hello.Body);
        Assert.Equal(("a", 5L), (body.AppliedIncarnation, body.AppliedNumber));
    }

    [Fact]
    public void Claim_says_it_when_it_waits_no_longer_for_what_an_earlier_start_left()
    {
        Start(null);
        EventFilter.Warning(contains: "was not known within 12 s").ExpectOne(() => Advance(TimeSpan.FromSeconds(12)));

        var connection = Transport.Next().Succeed();
        var body = HelloBody.Parser.ParseFrom(connection.Expect(Kind.Hello).Hello.Body);
        Assert.Equal(("", 0L), (body.AppliedIncarnation, body.AppliedNumber));

        // Late, it is still what is held.
        Hold(new DesiredStateVersion("a", 5));
        Settle();
        connection.End(new ControlFailure(ControlFailureKind.Ended, "cut"));
        ExpectStatus(ControlSessionState.Connecting);
        Advance(TimeSpan.FromSeconds(20));
        body = HelloBody.Parser.ParseFrom(Transport.Next().Succeed().Expect(Kind.Hello).Hello.Body);
        Assert.Equal(("a", 5L), (body.AppliedIncarnation, body.AppliedNumber));
    }

    [Fact]
    public void Claim_says_it_when_the_replica_itself_never_shows_up()
    {
        StartSession();
        EventFilter.Warning(contains: "did not say within 15 s what it holds").ExpectOne(() => Advance(TimeSpan.FromSeconds(15)));
        Transport.Next().Succeed().Expect(Kind.Hello);
    }

    [Fact]
    public void Asked_what_is_held_the_agent_answers_when_it_knows()
    {
        Start(null);
        Agent.Tell(ReplicaAgentActor.GetHeld.Instance, TestActor);
        Settle();
        ExpectNoMsg(TimeSpan.Zero);
        Hold(new DesiredStateVersion("a", 5));
        Assert.Equal(5, ExpectMsg<ReplicaAgentActor.HeldState>().Version.Number);
        Agent.Tell(ReplicaAgentActor.GetHeld.Instance, TestActor);
        Assert.Equal(5, ExpectMsg<ReplicaAgentActor.HeldState>().Version.Number);
    }

    [Fact]
    public void Restarted_agent_goes_on_with_the_session()
    {
        Start();
        var connection = GoOnline();
        Agent.Tell(new ReplicaAgentProtocol.PushEdges([0xFF]), TestActor);
        State.ExpectMsg<DesiredStateProtocol.GetDesiredState>();
        Hold(new DesiredStateVersion("a", 1));

        connection.Push(Update(2));

        Assert.Equal(2, State.ExpectMsg<DesiredStateProtocol.ApplyInit>().Init.ConfigVersion.Number);
    }

    [Fact]
    public void Claim_already_connected_stays_up_and_logs_once_per_state_change()
    {
        Start();
        EventFilter.Warning(contains: "connector is already connected").Expect(1, () =>
        {
            for (var i = 0; i < 4; i++)
            {
                var connection = Transport.Next().Succeed();
                connection.End(new ControlFailure(ControlFailureKind.AlreadyConnected, "connector is already connected"));
                AwaitAssert(() => Assert.True(connection.Disposed.IsCompleted), TimeSpan.FromSeconds(20));
                Settle();
                Advance(TimeSpan.FromSeconds(20));
            }
        });
        Assert.Equal("connector is already connected", ExpectStatus(ControlSessionState.Refused).Reason);
        GoOnline();
    }

    [Fact]
    public void Claim_unauthenticated_names_the_reason_retries_slowly_and_logs_locally_only()
    {
        Start();
        EventFilter.Custom(e => e.LogSource.StartsWith("Connector.Actors.Control.ControlSessionActor.LocalOnly", StringComparison.Ordinal)
            && e.Message.ToString()!.Contains("token expired", StringComparison.Ordinal)).Expect(1, () =>
        {
            Transport.Next().Fail(new ControlFailure(ControlFailureKind.Unauthenticated, "token expired"));
            Assert.Equal("token expired", ExpectStatus(ControlSessionState.Unauthenticated).Reason);
            Advance(TimeSpan.FromSeconds(14.9));
            Settle();
            Assert.Equal(1, Transport.Opened);
            Advance(TimeSpan.FromSeconds(15.1));
            Transport.Next().Fail(new ControlFailure(ControlFailureKind.Unauthenticated, "token expired"));
            Settle();
        });
    }

    [Fact]
    public void Claim_fenced_steps_back_and_tries_again()
    {
        Start();
        var connection = GoOnline();
        connection.End(ControlFailure.FromStatus(Grpc.Core.StatusCode.Aborted, "epoch 8 took over"));
        Assert.Equal("epoch 8 took over", ExpectStatus(ControlSessionState.Connecting).Reason);
        Advance(TimeSpan.FromSeconds(20));
        GoOnline();
    }

    [Fact]
    public void Claim_connector_deleted_stops_for_good_and_tells_the_host()
    {
        Start();
        Transport.Next().Succeed().End(ControlFailure.FromStatus(Grpc.Core.StatusCode.Cancelled, "connector deleted"));
        ExpectStatus(ControlSessionState.Stopped);
        Assert.True(Statuses.ExpectMsg<ControlSessionStopped>().Deleted);
        Advance(TimeSpan.FromHours(1));
        Settle();
        Assert.Equal(1, Transport.Opened);
    }

    [Fact]
    public void Claim_cancelled_for_another_reason_is_tried_again()
    {
        Start();
        Transport.Next().Succeed().End(ControlFailure.FromStatus(Grpc.Core.StatusCode.Cancelled, "restarting"));
        ExpectStatus(ControlSessionState.Connecting);
        Advance(TimeSpan.FromSeconds(20));
        GoOnline();
    }

    [Fact]
    public async Task Claim_unanswered_ends_at_its_deadline()
    {
        Start();
        var connection = Transport.Next().Succeed();
        connection.Expect(Kind.Metadata);
        Settle();
        Advance(TimeSpan.FromSeconds(5.1));
        Assert.Contains("did not answer the claim within 5 s", ExpectStatus(ControlSessionState.Connecting).Reason, StringComparison.Ordinal);
        await connection.Disposed.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
    }

    [Fact]
    public void Claim_accepted_without_Init_ends_at_its_deadline()
    {
        Start();
        var connection = Transport.Next().Succeed();
        connection.Push(Accept(1));
        connection.Push(new ControlStreamResponse { Challenge = new Challenge { Nonce = ByteString.CopyFromUtf8("x") } });
        connection.Expect(Kind.ChallengeAnswer);
        Advance(TimeSpan.FromSeconds(5.1));
        Settle();
        Statuses.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromSeconds(25));
        Assert.Contains("configuration was not applied", ExpectStatus(ControlSessionState.Connecting).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_that_hangs_ends_at_its_deadline_and_its_late_result_is_dropped()
    {
        Start();
        var first = Transport.Next();
        Advance(TimeSpan.FromSeconds(20.1));
        ExpectStatus(ControlSessionState.Connecting);
        Assert.True(first.Cancelled.IsCancellationRequested);

        Advance(TimeSpan.FromSeconds(1));
        var second = Transport.Next();
        var stale = first.Succeed();
        await stale.Disposed.WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken);
        Assert.Empty(stale.TakeSent());
        second.Succeed().Expect(Kind.Hello);
    }

    [Fact]
    public void Stale_stream_results_neither_reach_the_state_nor_end_the_next_attempt()
    {
        Start();
        var first = GoOnline();
        first.Push(new ControlStreamResponse { Disconnect = new Disconnect { Reason = "moving" } });
        first.Push(Update(2));
        Assert.Contains("moving", ExpectStatus(ControlSessionState.Connecting).Reason, StringComparison.Ordinal);
        Advance(TimeSpan.FromSeconds(1));
        GoOnline(5);
        first.End(new ControlFailure(ControlFailureKind.Unauthenticated, "stale"));
        Agent.Tell(new DesiredStateProtocol.DesiredStateApplied(1, new DesiredStateVersion("a", 2)), State);
        Settle();
        State.ExpectNoMsg(TimeSpan.Zero);
        Statuses.ExpectNoMsg(TimeSpan.Zero);
        Assert.Equal(2, Transport.Opened);
    }

    [Fact]
    public void One_failure_reported_twice_advances_the_schedule_once()
    {
        Start();
        var connection = GoOnline();
        connection.Congested = true;
        connection.Push(new ControlStreamResponse { Challenge = new Challenge { Nonce = ByteString.CopyFromUtf8("x") } });
        connection.End(new ControlFailure(ControlFailureKind.Ended, "cut"));
        Assert.Contains("does not read", ExpectStatus(ControlSessionState.Connecting).Reason, StringComparison.Ordinal);
        Settle();
        Advance(TimeSpan.FromSeconds(0.76));
        Settle();
        Assert.Equal(2, Transport.Opened);
        Statuses.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Init_and_updates_reach_the_state_in_order_of_arrival()
    {
        Start();
        var connection = Transport.Next().Succeed();
        connection.Push(Accept(1));
        connection.Push(Init(10));
        for (var version = 11; version <= 60; version++)
            connection.Push(Update(version));
        Assert.Equal(10, State.ExpectMsg<DesiredStateProtocol.ApplyInit>().Init.ConfigVersion.Number);
        for (var version = 11; version <= 60; version++)
            Assert.Equal(version, State.ExpectMsg<DesiredStateProtocol.ApplyUpdate>().Update.ConfigVersion.Number);
    }

    [Fact]
    public void Update_of_another_history_reconnects()
    {
        Start();
        var connection = GoOnline(10);
        connection.Push(Update(12));
        connection.Push(Update(11));
        State.ExpectMsg<DesiredStateProtocol.ApplyUpdate>();
        Assert.Contains("a/11 does not follow on a/12", ExpectStatus(ControlSessionState.Connecting).Reason, StringComparison.Ordinal);
        Settle();
        State.ExpectNoMsg(TimeSpan.Zero);
        Advance(TimeSpan.FromSeconds(1));
        GoOnline(13);
    }

    [Fact]
    public void Update_before_Init_reconnects()
    {
        Start();
        var connection = Transport.Next().Succeed();
        connection.Push(Accept(1));
        connection.Push(Update(1));
        Assert.Contains("before the whole configuration", ExpectStatus(ControlSessionState.Connecting).Reason, StringComparison.Ordinal);
        State.ExpectNoMsg(TimeSpan.Zero);
    }

    [Fact]
    public void Heartbeat_follows_the_interval_of_the_server()
    {
        Start();
        var connection = Transport.Next().Succeed();
        connection.Expect(Kind.Metadata);
        connection.Push(Accept(1));
        connection.Push(Init(1, heartbeat: 3));
        Apply<DesiredStateProtocol.ApplyInit>(m => m.Attempt, 1);
        ExpectStatus(ControlSessionState.Online);
        connection.TakeSent();
        for (var i = 0; i < 3; i++)
        {
            Advance(TimeSpan.FromSeconds(2.9));
            Settle();
            Assert.DoesNotContain(connection.TakeSent(), m => m.RequestTypeCase == Kind.Heartbeat);
            Advance(TimeSpan.FromSeconds(0.1));
            connection.Expect(Kind.Heartbeat);
        }
    }

    [Fact]
    public void Challenge_is_answered_with_its_nonce()
    {
        Start();
        var connection = GoOnline();
        connection.Push(new ControlStreamResponse { Challenge = new Challenge { Nonce = ByteString.CopyFromUtf8("prove it") } });
        Assert.Equal("prove it", connection.Expect(Kind.ChallengeAnswer).ChallengeAnswer.Nonce.ToStringUtf8());
    }

    [Fact]
    public void Stop_from_the_server_is_final()
    {
        Start();
        GoOnline().Push(new ControlStreamResponse { Stop = new Stop { Reason = "maintenance" } });
        Assert.Contains("maintenance", ExpectStatus(ControlSessionState.Stopped).Reason, StringComparison.Ordinal);
        Assert.False(Statuses.ExpectMsg<ControlSessionStopped>().Deleted);
        Advance(TimeSpan.FromHours(1));
        Settle();
        Assert.Equal(1, Transport.Opened);
    }

    [Fact]
    public void CloseSession_half_closes_and_answers()
    {
        Start();
        var connection = GoOnline();
        var probe = CreateTestProbe();
        Session.Tell(CloseSession.Instance, probe);
        probe.ExpectMsg<SessionClosed>();
        Assert.True(connection.HalfClosed);
        Assert.True(connection.Disposed.IsCompleted);
        ExpectStatus(ControlSessionState.Stopped);
    }

    [Fact]
    public void Tickets_and_edges_are_held_and_go_to_the_links()
    {
        Start();
        var connection = GoOnline();
        var tickets = new Tickets();
        tickets.Tickets_.Add(new ReplicaTicket { ReplicaId = "another", Ticket = "not mine" });
        tickets.Tickets_.Add(new ReplicaTicket { ReplicaId = Replica.Value, Ticket = "mine" });
        connection.Push(new ControlStreamResponse { Tickets = tickets });
        Assert.Equal("mine", State.ExpectMsg<DesiredStateProtocol.HoldTicket>().Ticket.Reveal());

        var edges = new Edges();
        edges.Edges_.Add(new EdgeAddress { EdgeId = "e1", Addresses = { "h:1", "h:2" }, CaPins = { "sha256/x" } });
        connection.Push(new ControlStreamResponse { Edges = edges });
        var applied = EdgesReader.Read(State.ExpectMsg<DesiredStateProtocol.HoldEdges>().Edges);
        var edge = Assert.Single(applied.Edges);
        Assert.Equal(new EdgeId("e1"), edge.EdgeId);
        Assert.Equal(["h:1", "h:2"], edge.Addresses);
        Assert.Equal(["sha256/x"], edge.CaPins);
    }

    [Fact]
    public void Socket_states_are_merged_and_told_whole_after_each_reconnect()
    {
        Start();
        Sockets.ExpectMsg<SocketSupervisorProtocol.GetSocketStatuses>();
        Agent.Tell(new SocketSupervisorProtocol.SocketStatuses([Status("early", "serving")]), Sockets);
        var connection = GoOnline();
        Assert.Equal("early", Assert.Single(connection.Expect(Kind.SocketStatus).SocketStatus.Sockets).SocketId);

        for (var streams = 0; streams < 50; streams++)
            Sys.EventStream.Publish(Status("busy", "serving", streams));
        Sys.EventStream.Publish(Status("odd", "unsupported"));
        Sys.EventStream.Publish(Status("early", "gone"));
        Sys.EventStream.Publish(Status("unheard", "gone"));
        Settle();
        Assert.DoesNotContain(connection.TakeSent(), m => m.RequestTypeCase == Kind.SocketStatus);
        Advance(TimeSpan.FromMilliseconds(200));
        var merged = connection.Expect(Kind.SocketStatus).SocketStatus.Sockets;
        Assert.Equal(["busy", "odd"], merged.Select(s => s.SocketId));
        Assert.Equal(49, merged[0].LiveStreams);
        Assert.Equal("unsupported", merged[1].State);
        var gone = Assert.Single(connection.Expect(Kind.SocketStatus).SocketStatus.Sockets);
        Assert.Equal(("early", "gone"), (gone.SocketId, gone.State));

        connection.End(new ControlFailure(ControlFailureKind.Ended, "cut"));
        ExpectStatus(ControlSessionState.Connecting);
        Advance(TimeSpan.FromSeconds(1));
        var next = GoOnline();
        Assert.Equal(["busy", "odd"], next.Expect(Kind.SocketStatus).SocketStatus.Sockets.Select(s => s.SocketId));
    }

    [Fact]
    public void Logs_are_shipped_on_the_open_session_only()
    {
        Start();
        var connection = GoOnline();
        var attempt = Logs.ExpectMsg<LogShipperProtocol.SessionOpened>().Attempt;
        Agent.Tell(new ShipLogBatch(attempt, new LogBatch { Sequence = 1, ReplicaId = Replica.Value }), Logs);
        Assert.Equal(1, connection.Expect(Kind.Logs).Logs.Sequence);
        connection.Push(new ControlStreamResponse { LogsAck = new LogsAck { Sequence = 1, ReplicaId = Replica.Value } });
        Assert.Equal(1, Logs.ExpectMsg<LogShipperProtocol.BatchAcknowledged>().Sequence);

        connection.End(new ControlFailure(ControlFailureKind.Ended, "cut"));
        ExpectStatus(ControlSessionState.Connecting);
        Assert.Equal(attempt, Logs.ExpectMsg<LogShipperProtocol.SessionLost>().Attempt);
        Advance(TimeSpan.FromSeconds(1));
        var next = GoOnline();
        Agent.Tell(new ShipLogBatch(attempt, new LogBatch { Sequence = 2, ReplicaId = Replica.Value }), Logs);
        Settle();
        Assert.DoesNotContain(next.TakeSent(), m => m.RequestTypeCase == Kind.Logs);
    }

    [Fact]
    public void Peer_without_our_features_gets_none_of_our_messages()
    {
        Start();
        var connection = GoOnline(knowsOurFeatures: false);
        Sys.EventStream.Publish(Status("s", "serving"));
        Settle();
        Advance(TimeSpan.FromSeconds(10));
        connection.Expect(Kind.Heartbeat);
        Assert.DoesNotContain(connection.TakeSent(), m => (int)m.RequestTypeCase >= 1000);
        Logs.ExpectNoMsg(TimeSpan.Zero);
    }

    private SocketSupervisorProtocol.SocketStatusChanged Status(string id, string state, int streams = 0)
        => new(new SocketId(id), id, state, "", 1, streams, DateTimeOffset.UnixEpoch);
}
