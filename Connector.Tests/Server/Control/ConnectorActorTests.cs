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
using Action = Connector.Protocol.Control.Wire.Action;
using ResponseCase = Connector.Protocol.Control.Wire.ControlStreamResponse.RequestTypeOneofCase;

namespace Connector.Tests.Server.Control;

/// <summary>The connector entity carries the claim rules out: virtual time, a store in memory, streams that record.</summary>
[Trait("kind", Kinds.Actor)]
public sealed class ConnectorActorTests : TestKit
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly ConnectorId Id = new("11111111-1111-1111-1111-111111111111");
    private static readonly ImmutableHashSet<string> OurFeatures =
        [ControlFeatures.Hello, ControlFeatures.HelloAck, ControlFeatures.Challenge, ControlFeatures.LogsAck, ControlFeatures.Tickets, ControlFeatures.Edges, ControlFeatures.ConfigVersion];

    private static readonly Akka.Configuration.Config Virtual = ConfigurationFactory.ParseString(
        """
        akka.scheduler.implementation = "Akka.TestKit.TestScheduler, Akka.TestKit"
        akka.loglevel = WARNING
        """);

    private readonly FakeControlStore store = new();
    private readonly FakeTimeProvider time = new(new DateTimeOffset(2026, 11, 22, 12, 0, 0, TimeSpan.Zero));
    private readonly SigningKey signingKey = SigningKey.Create();
    private readonly ChangingEdges edges = new([Edge("edge-1")]);
    private readonly IActorRef connectors;
    private long lastStreamId;

    public ConnectorActorTests()
        : base(Virtual)
    {
        store.SetToken("token", TokenStanding.Valid);
        store.SetDesired(Id, State(1));
        var services = new ControlServices(
            store, new TokenIssuer(signingKey), edges, "cp-1",
            new ControlLimits { StoreDeadline = TimeSpan.FromHours(1) }, time, NullLoggerFactory.Instance);
        connectors = Sys.ActorOf(ConnectorsActor.Props(services), ConnectorsActor.Name);
    }

    [Fact]
    public async Task Claim_without_a_session_commits_the_epoch_before_hello_ack_and_then_gets_init_tickets_and_edges()
    {
        store.SetEpoch(Id, 41);
        var committed = new TaskCompletionSource();
        store.BeforeRaise = () => committed.Task;
        var stream = Claim("key-a");
        await RoundTripAsync();
        Assert.Empty(stream.Sent);

        committed.SetResult();

        Assert.Equal([ResponseCase.HelloAck, ResponseCase.Init, ResponseCase.Tickets, ResponseCase.Edges], await CasesAsync(stream, 4));
        Assert.Equal(42, stream.Sent.First().HelloAck.Epoch);
        Assert.Equal(new SessionEpoch(42), stream.AcceptedEpoch);
        Assert.Equal(new ConfigVersion { Incarnation = "inc", Number = 1 }, stream.Sent.ElementAt(1).Init.ConfigVersion);
        Assert.Equal("edge-1", Assert.Single(stream.Sent.ElementAt(3).Edges.Edges_).EdgeId);
        var ticket = Assert.Single(stream.Sent.ElementAt(2).Tickets.Tickets_).Ticket;
        Assert.True(new TokenVerifier([signingKey.PublicKey], time).TryVerifyTicket(ticket, out var claims, out var reason), reason);
        Assert.Equal((Id, new KeyThumbprint("key-a"), "token", time.GetUtcNow() + TimeSpan.FromHours(24)), (claims.ConnectorId, claims.Thumbprint, claims.TicketId, claims.ExpiresAt));
    }

    [Fact]
    public async Task Edges_that_become_known_after_the_session_opened_are_told_and_nothing_before()
    {
        edges.Set(null);
        var stream = Claim("key-a");
        Assert.Equal([ResponseCase.HelloAck, ResponseCase.Init, ResponseCase.Tickets], await CasesAsync(stream, 3));
        await RoundTripAsync();
        Assert.Equal(3, stream.Sent.Count);

        edges.Set(Edge("edge-1"), Edge("edge-2"));

        Assert.Equal(ResponseCase.Edges, (await CasesAsync(stream, 4))[^1]);
        Assert.Equal(["edge-1", "edge-2"], stream.Sent.Last().Edges.Edges_.Select(edge => edge.EdgeId));

        edges.Set();
        await CasesAsync(stream, 5);
        Assert.Empty(stream.Sent.Last().Edges.Edges_);
    }

    [Fact]
    public async Task Edges_that_change_while_the_desired_state_is_read_are_told_once_as_they_are_then()
    {
        var hold = new TaskCompletionSource();
        store.BeforeRead = () => hold.Task;
        var stream = Claim("key-a");
        await CasesAsync(stream, 1);
        await AwaitAssertAsync(() => Assert.Equal(1, store.Reads), Patience);

        edges.Set(Edge("edge-2"));
        await RoundTripAsync();
        hold.SetResult();

        await CasesAsync(stream, 4);
        await RoundTripAsync();
        Assert.Equal("edge-2", Assert.Single(stream.Sent, message => message.RequestTypeCase == ResponseCase.Edges).Edges.Edges_.Single().EdgeId);
    }

    [Fact]
    public async Task Public_client_gets_init_and_nothing_of_ours()
    {
        var stream = ClaimPublic();

        Assert.Equal([ResponseCase.Init], await CasesAsync(stream, 1));
        await RoundTripAsync();
        await RoundTripAsync();

        Assert.Single(stream.Sent);
        Assert.Null(stream.Sent.First().Init.ConfigVersion);
    }

    [Fact]
    public async Task Second_replica_is_refused_when_the_first_answers_and_keeps_its_session()
    {
        var first = await LiveAsync(Claim("key-a"));
        var second = Claim("key-b");
        Answer(first, await ChallengeAsync(first));

        var end = await second.EndedAsync();

        Assert.Equal(StatusCode.AlreadyExists, end.Code);
        Assert.Contains("connector is already connected", end.Reason, StringComparison.Ordinal);
        Assert.NotNull(end.RetryAfter);
        Assert.Null(first.End);
        // Its own late timeout harms nothing.
        Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("replica-of-key-a", (await SessionAsync()).Leader?.Value);
    }

    [Fact]
    public async Task Second_replica_takes_over_after_one_second_without_an_answer()
    {
        var first = await LiveAsync(Claim("key-a"));
        var second = Claim("key-b");
        await ChallengeAsync(first);
        await RoundTripAsync();
        Advance(TimeSpan.FromMilliseconds(990));
        await RoundTripAsync();
        Assert.Null(first.End);

        Advance(TimeSpan.FromMilliseconds(20));

        Assert.Equal(StatusCode.Aborted, (await first.EndedAsync()).Code);
        await LiveAsync(second);
        Assert.Equal(new SessionEpoch(2), second.AcceptedEpoch);
    }

    [Fact]
    public async Task Reconnecting_process_replaces_its_own_stream_without_a_challenge()
    {
        var first = await LiveAsync(Claim("key-a"));

        var second = await LiveAsync(Claim("key-a"));

        Assert.Equal(StatusCode.Aborted, (await first.EndedAsync()).Code);
        Assert.DoesNotContain(first.Sent, message => message.RequestTypeCase == ResponseCase.Challenge);
        Assert.Equal(new SessionEpoch(2), second.AcceptedEpoch);
    }

    [Fact]
    public async Task Cloned_state_directory_is_refused_and_recorded()
    {
        var first = await LiveAsync(Claim("key-a"));
        var clone = Claim("key-a", boot: 2);
        Answer(first, await ChallengeAsync(first));

        Assert.Equal(StatusCode.AlreadyExists, (await clone.EndedAsync()).Code);
        await RecordedAsync("cloned state directory");
    }

    [Fact]
    public async Task Silent_public_client_loses_the_session_after_three_heartbeat_intervals_only()
    {
        var first = await LiveAsync(ClaimPublic());
        Assert.Equal(StatusCode.AlreadyExists, (await ClaimPublic().EndedAsync()).Code);
        Advance(TimeSpan.FromSeconds(29));
        first.LastHeard = time.GetUtcNow();
        Advance(TimeSpan.FromSeconds(29));
        Assert.Equal(StatusCode.AlreadyExists, (await ClaimPublic().EndedAsync()).Code);
        Assert.Null(first.End);

        Advance(TimeSpan.FromSeconds(4));

        Assert.NotEqual(StatusCode.OK, (await first.EndedAsync()).Code);
        await LiveAsync(ClaimPublic());
    }

    [Theory]
    [InlineData(TokenStanding.Revoked, StatusCode.Unauthenticated, "the token was revoked")]
    [InlineData(TokenStanding.UnknownToken, StatusCode.Unauthenticated, "the token is not known to this control plane")]
    [InlineData(TokenStanding.ConnectorDeleted, StatusCode.Cancelled, "connector deleted")]
    public async Task Token_not_in_force_is_refused_and_nothing_recorded(TokenStanding standing, StatusCode code, string reason)
    {
        store.SetToken("token", standing);

        var end = await Claim("key-a").EndedAsync();

        Assert.Equal((code, reason), (end.Code, end.Reason));
        Assert.Empty(store.Logs(Id));
    }

    [Fact]
    public async Task Revoked_token_ends_the_session()
    {
        var stream = await LiveAsync(Claim("key-a"));
        connectors.Tell(new ConnectorsProtocol.TokenRevoked(Id, "other"));
        await RoundTripAsync();
        Assert.Null(stream.End);

        connectors.Tell(new ConnectorsProtocol.TokenRevoked(Id, "token"));

        Assert.Equal((StatusCode.Unauthenticated, "the token was revoked"), ((await stream.EndedAsync()).Code, stream.End!.Reason));
        Assert.Equal("offline", (await SessionAsync()).State);
    }

    [Fact]
    public async Task Deleted_connector_ends_the_session_with_the_text_that_stops_the_replica()
    {
        var stream = await LiveAsync(Claim("key-a"));

        connectors.Tell(new ConnectorsProtocol.ConnectorDeleted(Id));

        Assert.Equal((StatusCode.Cancelled, "connector deleted"), ((await stream.EndedAsync()).Code, stream.End!.Reason));
    }

    [Fact]
    public async Task Connector_that_is_missing_when_init_is_read_is_deleted()
    {
        store.SetDesired(Id, null);

        Assert.Equal((StatusCode.Cancelled, "connector deleted"), ((await Claim("key-a").EndedAsync()) is var end ? (end.Code, end.Reason) : default));
    }

    [Fact]
    public async Task Changes_are_pushed_in_order_as_differences()
    {
        var stream = await LiveAsync(Claim("key-a"));
        var before = stream.Sent.Count;
        store.SetDesired(Id, State(2, Item("a"), Item("b")));
        connectors.Tell(new ConnectorsProtocol.DesiredStateChanged(Id));
        await CasesAsync(stream, before + 2);
        store.SetDesired(Id, State(3, Item("b", """{"port":1}""")));
        connectors.Tell(new ConnectorsProtocol.DesiredStateChanged(Id));
        await CasesAsync(stream, before + 4);

        Assert.Equal(
            [(Action.Create, "a", 2L), (Action.Create, "b", 2L), (Action.Delete, "a", 3L), (Action.Update, "b", 3L)],
            stream.Sent.Skip(before).Select(message => (message.UpdateConfig.Action, message.UpdateConfig.SocketConfig.Id, message.UpdateConfig.ConfigVersion.Number)));
    }

    [Fact]
    public async Task Changes_during_a_read_are_conflated_into_one_further_read()
    {
        var stream = await LiveAsync(Claim("key-a"));
        var before = stream.Sent.Count;
        var reads = store.Reads;
        var hold = new TaskCompletionSource();
        store.BeforeRead = () => hold.Task;
        store.SetDesired(Id, State(2, Item("a")));
        for (var i = 0; i < 10; i++)
        {
            connectors.Tell(new ConnectorsProtocol.DesiredStateChanged(Id));
        }

        await RoundTripAsync();
        store.BeforeRead = () => Task.CompletedTask;
        store.SetDesired(Id, State(3, Item("a"), Item("b")));
        hold.SetResult();

        await CasesAsync(stream, before + 2);
        await RoundTripAsync();
        Assert.Equal(["a", "b"], stream.Sent.Skip(before).Select(message => message.UpdateConfig.SocketConfig.Id));
        Assert.Equal(reads + 2, store.Reads);
    }

    [Fact]
    public async Task Replica_shows_what_it_has_applied_also_when_a_change_means_nothing_to_it()
    {
        var stream = await LiveAsync(Claim("key-a"));
        Assert.Null(Assert.Single((await SessionAsync()).Replicas).Applied);
        Report(1);
        Assert.Equal(new DesiredStateVersion("inc", 1), Assert.Single((await SessionAsync()).Replicas).Applied);

        // Nothing to push: the replica has it all the same.
        store.SetDesired(Id, State(2));
        connectors.Tell(new ConnectorsProtocol.DesiredStateChanged(Id));
        await AwaitAssertAsync(
            async () => Assert.Equal(new DesiredStateVersion("inc", 2), Assert.Single((await SessionAsync()).Replicas).Applied), Patience);

        var before = stream.Sent.Count;
        store.SetDesired(Id, State(3, Item("a")));
        connectors.Tell(new ConnectorsProtocol.DesiredStateChanged(Id));
        await CasesAsync(stream, before + 1);
        Assert.Equal(new DesiredStateVersion("inc", 1), Assert.Single((await SessionAsync()).Replicas).Applied);
        Report(3);
        Assert.Equal(new DesiredStateVersion("inc", 3), Assert.Single((await SessionAsync()).Replicas).Applied);

        void Report(long number) => connectors.Tell(new ControlStreamProtocol.ConfigApplied(
            Id, stream.StreamId, new ReplicaId("replica-of-key-a"), new DesiredStateVersion("inc", number)));
    }

    [Fact]
    public async Task Public_client_gets_no_update_right_behind_init()
    {
        var stream = await LiveAsync(ClaimPublic());
        store.SetDesired(Id, State(2, Item("a")));
        connectors.Tell(new ConnectorsProtocol.DesiredStateChanged(Id));
        await RoundTripAsync();
        Advance(TimeSpan.FromMilliseconds(1_400));
        await RoundTripAsync();
        Assert.Single(stream.Sent);

        Advance(TimeSpan.FromMilliseconds(200));

        Assert.Equal([ResponseCase.Init, ResponseCase.UpdateConfig], await CasesAsync(stream, 2));
        Assert.Null(stream.Sent.ElementAt(1).UpdateConfig.ConfigVersion);
    }

    [Fact]
    public async Task Failed_read_of_the_desired_state_is_tried_again()
    {
        store.BeforeRead = () => throw new IOException("disk");
        var stream = Claim("key-a");
        await CasesAsync(stream, 1);
        await AwaitAssertAsync(() => Assert.True(store.Reads >= 1), Patience);
        await RoundTripAsync();
        store.BeforeRead = () => Task.CompletedTask;

        await AwaitAssertAsync(
            () =>
            {
                Advance(TimeSpan.FromSeconds(1));
                stream.LastHeard = time.GetUtcNow();
                Assert.Contains(stream.Sent, message => message.RequestTypeCase == ResponseCase.Init);
            },
            Patience);
    }

    [Fact]
    public async Task Tickets_are_renewed_at_half_their_life()
    {
        // The longest interval there is, so that a step of an hour is no silence.
        store.SetDesired(Id, State(1) with { HeartbeatInterval = TimeSpan.FromHours(1) });
        var stream = await LiveAsync(Claim("key-a"));
        var before = stream.Sent.Count;
        for (var hour = 0; hour < 12; hour++)
        {
            await RoundTripAsync();
            Assert.Equal(before, stream.Sent.Count);
            stream.LastHeard = time.GetUtcNow();
            Advance(TimeSpan.FromHours(1));
        }

        Assert.Equal(ResponseCase.Tickets, (await CasesAsync(stream, before + 1))[^1]);
    }

    [Fact]
    public async Task Session_shows_who_leads_and_what_its_replicas_say_of_their_sockets()
    {
        store.SetEpoch(Id, 6);
        Assert.Equal(("offline", new SessionEpoch(6)), ((await SessionAsync()).State, (await SessionAsync()).Epoch));
        var stream = await LiveAsync(Claim("key-a"));
        var status = new ConnectorsProtocol.SocketState(new SocketId("s"), new ReplicaId("replica-of-key-a"), "unsupported", "aws ssm is not served here", 0, time.GetUtcNow());
        connectors.Tell(new ControlStreamProtocol.SocketsReported(Id, stream.StreamId, Report(status)));
        connectors.Tell(new ControlStreamProtocol.SocketsReported(Id, stream.StreamId + 999, Report(status with { SocketId = new SocketId("of a stranger") })));

        var session = await SessionAsync();

        Assert.Equal(("online", new SessionEpoch(7), "replica-of-key-a"), (session.State, session.Epoch, session.Leader?.Value));
        Assert.Equal([status], session.Sockets);
        Assert.Equal("198.51.100.7", Assert.Single(session.Replicas).RemoteAddress);
        Assert.Equal(1, stream.HandledCount);
        connectors.Tell(new ControlStreamProtocol.StreamEnded(Id, stream.StreamId, "gone"));
        session = await SessionAsync();
        Assert.Equal(("offline", new SessionEpoch(7)), (session.State, session.Epoch));
        Assert.Empty(session.Sockets);
    }

    private static SocketReport Report(ConnectorsProtocol.SocketState status) => new(status.ReplicaId, [(status, 0)], [], []);

    [Fact]
    public async Task Each_change_of_the_session_is_one_record()
    {
        var stream = await LiveAsync(Claim("key-a"));
        await RecordedAsync("control session opened");
        connectors.Tell(new ControlStreamProtocol.StreamEnded(Id, stream.StreamId, "the connection broke"));
        await RecordedAsync("the connection broke");

        Assert.Equal(2, store.Logs(Id).Length);
    }

    [Fact]
    public async Task Idle_entity_stops_and_is_made_again_by_the_next_claim()
    {
        var stream = await LiveAsync(Claim("key-a"));
        var entity = await Sys.ActorSelection(connectors.Path / Id.Value).ResolveOne(Patience);
        Watch(entity);
        connectors.Tell(new ControlStreamProtocol.StreamEnded(Id, stream.StreamId, "gone"));
        await RoundTripAsync();
        for (var i = 0; i < 70; i++)
        {
            Advance(ConnectorActor.TickInterval);
            await RoundTripWithoutEntityAsync();
        }

        await ExpectTerminatedAsync(entity, Patience);

        var next = await LiveAsync(Claim("key-b"));
        Assert.Equal(new SessionEpoch(2), next.AcceptedEpoch);
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        signingKey.Dispose();
    }

    private static DesiredItem Item(string id, string config = "{}") => new(id, $"name of {id}", "ssh", config);

    private static ConnectorDesiredState State(long version, params ImmutableArray<DesiredItem> sockets)
        => new(new DesiredStateVersion("inc", version), "connector", "org", "Org", TimeSpan.FromSeconds(10), sockets, []);

    private RecordingStream Claim(string key, byte boot = 1)
    {
        var identity = new ClaimIdentity(new ReplicaId($"replica-of-{key}"), BootId.Read([.. Enumerable.Repeat(boot, 16)]), new KeyThumbprint(key));
        return Tell(OurFeatures, new VerifiedHello(identity, "1.0", DesiredStateVersion.None, time.GetUtcNow(), []));
    }

    private RecordingStream ClaimPublic() => Tell([], null);

    private RecordingStream Tell(ImmutableHashSet<string> features, VerifiedHello? hello)
    {
        var stream = new RecordingStream(++lastStreamId, hello is not null) { LastHeard = time.GetUtcNow() };
        var claim = new Claim(
            stream.StreamId, "token", null, hello?.Identity, features.Contains(ControlFeatures.Challenge), [.. BitConverter.GetBytes(stream.StreamId)], "198.51.100.7");
        connectors.Tell(new ControlStreamProtocol.ClaimSession(Id, "org", claim, features, hello, stream));
        return stream;
    }

    private static async Task<RecordingStream> LiveAsync(RecordingStream stream)
    {
        // Our peers get four messages at the start, the public client one.
        await stream.SentAsync(stream.IsOurs ? 4 : 1);
        return stream;
    }

    private static async Task<ResponseCase[]> CasesAsync(RecordingStream stream, int count)
    {
        await stream.SentAsync(count);
        return [.. stream.Sent.Select(message => message.RequestTypeCase)];
    }

    private static async Task<ByteString> ChallengeAsync(RecordingStream stream)
    {
        await stream.SentAsync(sent => sent.Any(message => message.RequestTypeCase == ResponseCase.Challenge));
        return stream.Sent.Last(message => message.RequestTypeCase == ResponseCase.Challenge).Challenge.Nonce;
    }

    private void Answer(RecordingStream stream, ByteString nonce)
        => connectors.Tell(new ControlStreamProtocol.ChallengeAnswered(Id, stream.StreamId, [.. nonce.Span]));

    private Task<ConnectorsProtocol.SessionState> SessionAsync()
        => connectors.Ask<ConnectorsProtocol.SessionState>(new ConnectorsProtocol.GetSession(Id), Timeout.InfiniteTimeSpan).WaitAsync(Patience);

    /// <summary>Everything told so far, and what it set off in the entity itself, has been handled.</summary>
    private async Task RoundTripAsync()
    {
        await SessionAsync();
        await SessionAsync();
    }

    private Task RoundTripWithoutEntityAsync() => connectors.Ask<ActorIdentity>(new Identify(1), Timeout.InfiniteTimeSpan).WaitAsync(Patience);

    private Task RecordedAsync(string text)
        => AwaitAssertAsync(() => Assert.Contains(store.Logs(Id), record => record.Message.Contains(text, StringComparison.Ordinal)), Patience);

    private void Advance(TimeSpan by)
    {
        time.Advance(by);
        ((TestScheduler)Sys.Scheduler).Advance(by);
    }

    private static EdgeEntry Edge(string id) => new(new EdgeId(id), [$"{id}.example:8444"], ["sha256/pin"]);

    private sealed class ChangingEdges(ImmutableArray<EdgeEntry> edges) : IEdgeDirectory
    {
        private EdgeEntry[]? current = [.. edges];

        public event System.Action? Changed;

        public ImmutableArray<EdgeEntry> Edges => Volatile.Read(ref current) is { } known ? [.. known] : default;

        public void Set(params EdgeEntry[]? next)
        {
            Volatile.Write(ref current, next);
            Changed?.Invoke();
        }
    }
}
