using System.Diagnostics;
using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Control.Wire.Common;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using Connector.Tests.Server.Hosting;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Xunit;
using static Connector.Tests.Server.Hosting.ControlPlaneFixture;
using Action = Connector.Protocol.Control.Wire.Action;
using RequestType = Connector.Protocol.Control.Wire.ControlStreamRequest;
using ResponseCase = Connector.Protocol.Control.Wire.ControlStreamResponse.RequestTypeOneofCase;

namespace Connector.Tests.Server.Control;

/// <summary>The control stream over gRPC and TLS, with clients made from the .proto.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class ControlStreamTests : IAsyncLifetime
{
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly BootId boot = BootId.New();
    private ControlPlaneFixture server = null!;

    public async ValueTask InitializeAsync() => server = await ControlPlaneFixture.StartAsync(new ControlLimits { HelloDeadline = TimeSpan.FromSeconds(60) });

    public async ValueTask DisposeAsync()
    {
        await server.DisposeAsync();
        key.Dispose();
    }

    // ---- a client shaped like the public one

    [Fact]
    public async Task Public_client_gets_init_unprompted_and_complete()
    {
        server.Store.SetDesired(ControlPlaneFixture.ConnectorId, State(1, Item("a", """{"upstream_configuration":{"service_type":"ssh"}}""")));
        await using var client = ControlStreamClient.OpenPublic(server, connectorId: ControlPlaneFixture.ConnectorId.Value);

        var init = (await client.ExpectAsync(ResponseCase.Init)).Init;

        Assert.Equal(10, init.ConnectorConfig.HeartbeatInterval);
        Assert.Equal("org", init.ConnectorConfig.Organization.Id);
        Assert.NotNull(init.ConnectorConfig.Organization.Certificates);
        Assert.Equal("ssh", Assert.Single(init.Sockets).Config.Fields["upstream_configuration"].StructValue.Fields["service_type"].StringValue);
        Assert.Null(init.ConfigVersion);
    }

    [Fact]
    public async Task Public_client_gets_heartbeats_and_updates_but_not_right_behind_init()
    {
        var clock = Stopwatch.StartNew();
        await using var client = ControlStreamClient.OpenPublic(server);
        await client.ExpectAsync(ResponseCase.Init);
        Change(2, Item("a"));
        var update = (await client.ExpectAsync(ResponseCase.UpdateConfig)).UpdateConfig;

        // Timers fire late on a busy machine, never early: what is measured is the lower bound, of what began after the clock.
        Assert.True(clock.Elapsed > TimeSpan.FromMilliseconds(1_000), $"{clock.Elapsed} behind Init");
        Assert.Equal((Action.Create, "a"), (update.Action, update.SocketConfig.Id));
        await client.SendAsync(new RequestType { Heartbeat = new HeartbeatMessage() });
        await client.ExpectAsync(ResponseCase.Heartbeat);
    }

    [Fact]
    public async Task Second_public_client_is_refused_with_a_slot_and_the_first_keeps_its_session()
    {
        await using var first = ControlStreamClient.OpenPublic(server);
        await first.ExpectAsync(ResponseCase.Init);
        await using var second = ControlStreamClient.OpenPublic(server);

        var (status, retryAfter) = await second.EndAsync();

        Assert.Equal(StatusCode.AlreadyExists, status.StatusCode);
        Assert.Contains("connector is already connected", status.Detail, StringComparison.Ordinal);
        Assert.True(int.Parse(retryAfter!) > 0);
        await first.SendAsync(new RequestType { Heartbeat = new HeartbeatMessage() });
        await first.ExpectAsync(ResponseCase.Heartbeat);
    }

    [Fact]
    public async Task Authorize_of_the_public_client_is_always_answered_with_a_denial()
    {
        await using var client = ControlStreamClient.OpenPublic(server);
        await client.ExpectAsync(ResponseCase.Init);
        await client.SendAsync(new RequestType { Authorize = new AuthorizeRequest { RequestId = "r-1", SocketId = "s" } });

        var answer = (await client.ExpectAsync(ResponseCase.Authorize)).Authorize;

        Assert.Equal("r-1", answer.RequestId);
        Assert.Empty(answer.AllowedActions);
    }

    [Fact]
    public async Task Requests_we_cannot_serve_leave_one_record_each_and_logs_and_metadata_are_stored()
    {
        await using var client = ControlStreamClient.OpenPublic(server);
        await client.ExpectAsync(ResponseCase.Init);
        for (var i = 0; i < 3; i++)
        {
            await client.SendAsync(new RequestType { TunnelCertificateSignRequest = new TunnelCertificateSignRequest { RequestId = $"{i}", SocketId = "socket-1" } });
            await client.SendAsync(new RequestType { UploadRecording = new UploadRecording { RecordingId = $"{i}" } });
        }

        await client.SendAsync(new RequestType { TunnelCertificateSignRequest = new TunnelCertificateSignRequest { SocketId = "socket-2" } });
        await client.SendAsync(new RequestType { Metadata = new ConnectorMetadata { Data = Struct.Parser.ParseJson("""{"connector_internal_metadata":{"version":"0.9"}}""") } });
        await client.SendAsync(new RequestType { Log = new Log { Severity = "WARNING", Message = "two\nlines", SocketId = "s", ConnectorId = "somebody else" } });

        await EventuallyAsync(() => Logs().Any(record => record.Message == "two lines"), () => string.Join("\n", Logs()));
        Assert.Single(Logs(), record => record.Message.Contains("SSH tunnel", StringComparison.Ordinal) && record.SocketId == new SocketId("socket-1"));
        Assert.Single(Logs(), record => record.Message.Contains("SSH tunnel", StringComparison.Ordinal) && record.SocketId == new SocketId("socket-2"));
        Assert.Single(Logs(), record => record.Message.Contains("UploadRecording", StringComparison.Ordinal));
        Assert.Equal("warn", Logs().Single(record => record.Message == "two lines").Severity);
        await EventuallyAsync(() => !server.Store.Metadata.IsEmpty, () => "no metadata");
        Assert.Contains("127.0.0.1", Assert.Single(server.Store.Metadata), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Public_client_that_closes_frees_the_session()
    {
        await using (var first = ControlStreamClient.OpenPublic(server))
        {
            await first.ExpectAsync(ResponseCase.Init);
            await first.CompleteAsync();
            Assert.Equal(StatusCode.OK, (await first.EndAsync()).Status.StatusCode);
        }

        await EventuallyAsync(() => server.SessionAsync().GetAwaiter().GetResult().State == "offline", () => "still online");
        await using var second = ControlStreamClient.OpenPublic(server);
        await second.ExpectAsync(ResponseCase.Init);
        Assert.Equal(new SessionEpoch(2), (await server.SessionAsync()).Epoch);
    }

    [Fact]
    public async Task Deleted_connector_ends_the_stream_with_the_text_the_public_client_compares()
    {
        await using var client = ControlStreamClient.OpenPublic(server);
        await client.ExpectAsync(ResponseCase.Init);
        server.Tell(new ConnectorsProtocol.ConnectorDeleted(ControlPlaneFixture.ConnectorId));

        var (status, _) = await client.EndAsync();

        Assert.Equal((StatusCode.Cancelled, "connector deleted"), (status.StatusCode, status.Detail));
    }

    // ---- tokens

    [Fact]
    public async Task Bad_tokens_are_unauthenticated_with_the_reason_and_without_a_stack_trace_in_the_log()
    {
        var now = DateTimeOffset.UtcNow;
        server.Store.SetToken("revoked", TokenStanding.Revoked);
        (string Token, string Reason)[] cases =
        [
            ("", "no connector token"), ("garbage", ""), (server.Token("unknown"), "not known"), (server.Token("revoked"), "revoked"),
            (server.Token(issuedAt: now.AddHours(-2), expiresAt: now.AddHours(-1)), "expired"),
        ];
        foreach (var (token, reason) in cases)
        {
            await using var client = ControlStreamClient.OpenPublic(server, token);
            var (status, _) = await client.EndAsync();
            Assert.Equal(StatusCode.Unauthenticated, status.StatusCode);
            Assert.Contains(reason, status.Detail, StringComparison.Ordinal);
        }

        await using (var other = ControlStreamClient.OpenPublic(server, connectorId: "22222222-2222-2222-2222-222222222222"))
        {
            Assert.Equal(StatusCode.Unauthenticated, (await other.EndAsync()).Status.StatusCode);
        }

        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
        Assert.Empty(Logs());
    }

    [Fact]
    public async Task Revoked_token_ends_the_running_stream()
    {
        await using var client = await ControlStreamClient.OpenAsync(server, key, boot);
        await client.ExpectStartAsync();
        server.Tell(new ConnectorsProtocol.TokenRevoked(ControlPlaneFixture.ConnectorId, "token"));

        var (status, _) = await client.EndAsync();

        Assert.Equal((StatusCode.Unauthenticated, "the token was revoked"), (status.StatusCode, status.Detail));
    }

    // ---- our own client

    [Fact]
    public async Task Our_client_gets_hello_ack_init_tickets_and_edges_after_a_signed_hello()
    {
        server.Store.SetEpoch(ControlPlaneFixture.ConnectorId, 4);
        await using var client = await ControlStreamClient.OpenAsync(server, key, boot);

        Assert.Equal(5, (await client.ExpectAsync(ResponseCase.HelloAck)).HelloAck.Epoch);
        Assert.Equal(new ConfigVersion { Incarnation = "inc", Number = 1 }, (await client.ExpectAsync(ResponseCase.Init)).Init.ConfigVersion);
        var ticket = Assert.Single((await client.ExpectAsync(ResponseCase.Tickets)).Tickets.Tickets_);
        Assert.True(server.Verifier.TryVerifyTicket(ticket.Ticket, out var claims, out var reason), reason);
        Assert.Equal(KeyThumbprint.Of(key.ExportSubjectPublicKeyInfo()), claims.Thumbprint);
        Assert.Equal(server.Pins, Assert.Single((await client.ExpectAsync(ResponseCase.Edges)).Edges.Edges_).CaPins);
        Assert.Equal("online", (await server.SessionAsync()).State);
    }

    [Fact]
    public async Task Our_client_gets_updates_with_versions_and_its_logs_are_acknowledged_when_stored()
    {
        await using var client = await ControlStreamClient.OpenAsync(server, key, boot);
        await client.ExpectStartAsync();
        Change(2, Item("a"));
        Assert.Equal(2, (await client.ExpectAsync(ResponseCase.UpdateConfig)).UpdateConfig.ConfigVersion.Number);
        var storing = new TaskCompletionSource();
        server.Store.BeforeAppend = () => storing.Task;
        await client.SendAsync(new RequestType
        {
            Logs = new LogBatch { Sequence = 7, Dropped = 3, ReplicaId = "r", Records = { new Log { Severity = "info", Message = "one" }, new Log { Message = "two" } } },
        });
        // What was sent behind the batch is answered first: the batch waits for the store.
        await client.SendAsync(new RequestType { Heartbeat = new HeartbeatMessage() });
        await client.ExpectAsync(ResponseCase.Heartbeat);
        storing.SetResult();

        Assert.Equal(new LogsAck { Sequence = 7, ReplicaId = "r" }, (await client.ExpectAsync(ResponseCase.LogsAck)).LogsAck);
        Assert.Equal(["one", "two"], Logs().Where(record => record.Source == "r").Select(record => record.Message).TakeLast(2));
        Assert.Contains(Logs(), record => record.Message.Contains("3 log records were lost", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Batch_whose_acknowledgement_was_lost_is_acknowledged_again_and_stored_once()
    {
        var batch = new RequestType
        {
            Logs = new LogBatch { Sequence = 1, ReplicaId = "r", BootId = ByteString.CopyFrom(new byte[BootId.Size]), Records = { new Log { Message = "kept" } } },
        };
        await using (var client = await ControlStreamClient.OpenAsync(server, key, boot))
        {
            await client.ExpectStartAsync();
            await client.SendAsync(batch);
            await client.ExpectAsync(ResponseCase.LogsAck);
        }

        // The replica never saw it, and sends the same on its next stream.
        await using var again = await ControlStreamClient.OpenAsync(server, key, boot);
        await again.ExpectStartAsync();
        await again.SendAsync(batch);

        Assert.Equal(new LogsAck { Sequence = 1, ReplicaId = "r" }, (await again.ExpectAsync(ResponseCase.LogsAck)).LogsAck);
        Assert.Single(Logs(), record => record.Message == "kept");
    }

    [Fact]
    public async Task Store_that_fails_is_tried_again_before_logs_are_acknowledged()
    {
        await using var client = await ControlStreamClient.OpenAsync(server, key, boot);
        await client.ExpectStartAsync();
        var failures = 2;
        server.Store.BeforeAppend = () => Interlocked.Decrement(ref failures) >= 0 ? throw new IOException("disk full") : Task.CompletedTask;

        await client.SendAsync(new RequestType { Logs = new LogBatch { Sequence = 1, Records = { new Log { Message = "kept" } } } });

        await client.ExpectAsync(ResponseCase.LogsAck);
        Assert.Single(Logs(), record => record.Message == "kept");
    }

    [Fact]
    public Task Second_replica_is_refused_while_the_first_answers_challenges_and_takes_over_when_it_does_not() => BestOf.ThreeAsync(async () =>
    {
        await using var server = await ControlPlaneFixture.StartAsync();
        using var otherKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var first = await ControlStreamClient.OpenAsync(server, key, boot);
        await first.ExpectStartAsync();
        await using (var refused = await ControlStreamClient.OpenAsync(server, otherKey, BootId.New()))
        {
            var challenge = (await first.ExpectAsync(ResponseCase.Challenge)).Challenge;
            await first.SendAsync(new RequestType { ChallengeAnswer = new ChallengeAnswer { Nonce = challenge.Nonce } });
            var ending = refused.EndAsync();
            await Eventually.IsTrue(() => ending.IsCompleted || IsFenced(), "the claim is decided");
            if (IsFenced())
            {
                return "the answer came too late";
            }

            var (status, retryAfter) = await ending;
            Assert.Equal(StatusCode.AlreadyExists, status.StatusCode);
            Assert.NotNull(retryAfter);
        }

        await using var second = await ControlStreamClient.OpenAsync(server, otherKey, BootId.New());
        await first.ExpectAsync(ResponseCase.Challenge);

        await second.ExpectStartAsync();
        Assert.Equal(StatusCode.Aborted, (await first.EndAsync()).Status.StatusCode);
        Assert.Equal(new SessionEpoch(2), (await server.SessionAsync()).Epoch);
        return null;

        bool IsFenced() => server.Store.Logs(ControlPlaneFixture.ConnectorId).Any(static record => record.Message.Contains("it did not answer a challenge", StringComparison.Ordinal));
    });

    [Fact]
    public async Task Same_process_replaces_its_own_stream()
    {
        await using var first = await ControlStreamClient.OpenAsync(server, key, boot);
        await first.ExpectStartAsync();
        await using var second = await ControlStreamClient.OpenAsync(server, key, boot);

        await second.ExpectStartAsync();
        Assert.Equal(StatusCode.Aborted, (await first.EndAsync()).Status.StatusCode);
    }

    [Fact]
    public async Task Wrong_signature_replayed_hello_and_missing_hello_are_refused()
    {
        await using (var client = ControlStreamClient.OpenSilent(server))
        {
            await client.SendAsync(ControlStreamClient.Hello(key, boot, RandomNumberGenerator.GetBytes(32)));
            Assert.Equal(StatusCode.Unauthenticated, (await client.EndAsync()).Status.StatusCode);
        }

        byte[] nonce;
        await using (var client = ControlStreamClient.OpenSilent(server))
        {
            nonce = await client.NonceAsync();
        }

        await using (var client = ControlStreamClient.OpenSilent(server))
        {
            Assert.NotEqual(nonce, await client.NonceAsync());
            await client.SendAsync(ControlStreamClient.Hello(key, boot, nonce));
            Assert.Equal(StatusCode.Unauthenticated, (await client.EndAsync()).Status.StatusCode);
        }

        await using (var client = ControlStreamClient.OpenSilent(server))
        {
            await client.SendAsync(ControlStreamClient.Hello(key, boot, await client.NonceAsync(), "22222222-2222-2222-2222-222222222222"));
            Assert.Equal(StatusCode.Unauthenticated, (await client.EndAsync()).Status.StatusCode);
        }

        await using (var client = ControlStreamClient.OpenSilent(server))
        {
            await client.SendAsync(new RequestType { Heartbeat = new HeartbeatMessage() });
            Assert.Equal(StatusCode.InvalidArgument, (await client.EndAsync()).Status.StatusCode);
        }

        await using (var impatient = await ControlPlaneFixture.StartAsync(new ControlLimits { HelloDeadline = TimeSpan.FromSeconds(1) }))
        await using (var client = ControlStreamClient.OpenSilent(impatient))
        {
            Assert.Equal(StatusCode.DeadlineExceeded, (await client.EndAsync()).Status.StatusCode);
        }

        Assert.Equal("offline", (await server.SessionAsync()).State);
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Hello_sent_twice_on_one_stream_ends_it()
    {
        await using var client = ControlStreamClient.OpenSilent(server);
        var hello = ControlStreamClient.Hello(key, boot, await client.NonceAsync());
        await client.SendAsync(hello);
        await client.ExpectStartAsync();

        await client.SendAsync(hello);

        Assert.Equal(StatusCode.InvalidArgument, (await client.EndAsync()).Status.StatusCode);
    }

    [Fact]
    public async Task Socket_status_is_shown_and_the_applied_version_taken()
    {
        await using var client = await ControlStreamClient.OpenAsync(server, key, boot);
        await client.ExpectStartAsync();
        await client.SendAsync(new RequestType { ConfigApplied = new ConfigApplied { ReplicaId = "r", ConfigVersion = new ConfigVersion { Incarnation = "inc", Number = 1 } } });
        await client.SendAsync(new RequestType
        {
            SocketStatus = new SocketStatusReport { ReplicaId = "r", Sockets = { new SocketStatus { SocketId = "a", State = "unsupported", Reason = "snowflake is not served here", LiveStreams = 2 } } },
        });

        await EventuallyAsync(() => server.SessionAsync().GetAwaiter().GetResult().Sockets.Length == 1, () => "no socket status");
        var status = Assert.Single((await server.SessionAsync()).Sockets);
        Assert.Equal(("unsupported", "snowflake is not served here", 2), (status.State, status.Reason, status.LiveStreams));
    }

    [Fact]
    public async Task Message_beyond_the_limit_ends_that_stream_only()
    {
        await using var client = await ControlStreamClient.OpenAsync(server, key, boot);
        await client.ExpectStartAsync();
        try
        {
            await client.SendAsync(new RequestType { UploadRecording = new UploadRecording { Recording = ByteString.CopyFrom(new byte[5 * 1024 * 1024]) } });
        }
        catch (RpcException)
        {
            // Ended while it was still being sent.
        }

        Assert.Equal(StatusCode.ResourceExhausted, (await client.EndAsync()).Status.StatusCode);
        await using var next = await ControlStreamClient.OpenAsync(server, key, BootId.New());
        await next.ExpectStartAsync();
        Assert.DoesNotContain(server.Log.Lines, line => line.Contains("   at ", StringComparison.Ordinal));
    }

    private void Change(long version, params System.Collections.Immutable.ImmutableArray<DesiredItem> sockets)
    {
        server.Store.SetDesired(ControlPlaneFixture.ConnectorId, State(version, sockets));
        server.Tell(new ConnectorsProtocol.DesiredStateChanged(ControlPlaneFixture.ConnectorId));
    }

    private System.Collections.Immutable.ImmutableArray<LogRecord> Logs() => server.Store.Logs(ControlPlaneFixture.ConnectorId);
}
