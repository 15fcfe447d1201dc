using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Server.Store;

[Trait("kind", Kinds.Contract)]
public sealed class ControlStoreTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Epoch_starts_at_0_and_rises_by_one()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");

        Assert.Equal(new SessionEpoch(0), await store.Control.ReadEpochAsync(connector, Cancellation));
        Assert.Equal(new SessionEpoch(1), await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation));
        Assert.Equal(new SessionEpoch(2), await store.Control.RaiseEpochAsync(connector, new SessionEpoch(1), null, Cancellation));
        Assert.Equal(new SessionEpoch(2), await store.Control.ReadEpochAsync(connector, Cancellation));
    }

    [Fact]
    public async Task Epoch_raised_from_another_value_is_refused_with_the_stored_one()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation);

        var stale = await Assert.ThrowsAsync<StaleEpochException>(
            () => store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation));
        Assert.Equal(new SessionEpoch(1), stale.Stored);
        await Assert.ThrowsAsync<StaleEpochException>(() => store.Control.RaiseEpochAsync(connector, new SessionEpoch(7), null, Cancellation));
        Assert.Equal(new SessionEpoch(1), await store.Control.ReadEpochAsync(connector, Cancellation));
    }

    [Fact]
    public async Task Epoch_raised_by_eight_at_once_through_two_stores_is_won_by_one_each_round()
    {
        using var store = new OpenStore(options => options.BusyTimeout = TimeSpan.FromSeconds(30));
        using var otherDatabase = ControlDatabase.Open(store.Options, TimeProvider.System);
        var other = new ControlStore(otherDatabase, new ConnectorLogs(otherDatabase, store.Options), store.Options);
        var connector = await store.CreateConnectorAsync("a");

        for (var round = 0; round < 10; round++)
        {
            var expected = new SessionEpoch(round);
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(async index =>
            {
                try
                {
                    var raised = await (index % 2 == 0 ? store.Control : other).RaiseEpochAsync(connector, expected, null, Cancellation);
                    Assert.Equal(round + 1, raised.Value);
                    return true;
                }
                catch (StaleEpochException)
                {
                    return false;
                }
            }));

            Assert.Single(outcomes, won => won);
        }

        Assert.Equal(new SessionEpoch(10), await store.Control.ReadEpochAsync(connector, Cancellation));
    }

    [Fact]
    public async Task Epoch_of_a_connector_that_does_not_exist_cannot_be_raised()
    {
        using var store = new OpenStore();
        var nobody = new ConnectorId("00000000-0000-0000-0000-000000000001");

        Assert.Equal(new SessionEpoch(0), await store.Control.ReadEpochAsync(nobody, Cancellation));
        await Assert.ThrowsAsync<ControlStoreException>(() => store.Control.RaiseEpochAsync(nobody, new SessionEpoch(0), null, Cancellation));
    }

    [Fact]
    public async Task Everything_survives_a_restart()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        var epoch = await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation);
        await store.Control.AppendLogsAsync(connector, epoch, [OpenStore.Record("first"), OpenStore.Record("second")], null, Cancellation);
        await store.Control.TouchAsync(connector, DateTimeOffset.UnixEpoch.AddDays(20_001), """{"os":"Zürich"}""", Cancellation);
        await store.Sockets.CreateAsync(OpenStore.Draft("db", connector), Cancellation);
        var before = await store.Control.ReadDesiredStateAsync(connector, Cancellation);
        var (incarnation, organization) = (store.Database.Incarnation, store.Database.OrganizationId);

        store.Restart();

        var after = await store.Control.ReadDesiredStateAsync(connector, Cancellation);
        Assert.NotNull(before);
        Assert.NotNull(after);
        Assert.Equal(before.Version, after.Version);
        Assert.Equal(before.Sockets.Single(), after.Sockets.Single());
        Assert.Equal((incarnation, organization), (store.Database.Incarnation, store.Database.OrganizationId));
        Assert.Equal(epoch, await store.Control.ReadEpochAsync(connector, Cancellation));
        Assert.Equal(["second", "first"], await store.MessagesAsync(connector));
        var entry = await store.Connectors.FindAsync(connector, Cancellation);
        Assert.Equal("""{"os":"Zürich"}""", entry!.Connector.Metadata);
        Assert.Equal(DateTimeOffset.UnixEpoch.AddDays(20_001).ToUnixTimeMilliseconds(), entry.Connector.LastSeenAt);
    }

    [Fact]
    public async Task Logs_of_a_stale_epoch_are_refused_whole()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        var old = await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation);
        await store.Control.AppendLogsAsync(connector, old, [OpenStore.Record("kept")], null, Cancellation);
        await store.Control.RaiseEpochAsync(connector, old, null, Cancellation);

        await Assert.ThrowsAsync<StaleEpochException>(
            () => store.Control.AppendLogsAsync(connector, old, [OpenStore.Record("lost"), OpenStore.Record("lost too")], null, Cancellation));
        Assert.Equal(["kept"], await store.MessagesAsync(connector));
    }

    [Fact]
    public async Task Logs_keep_their_order_and_everything_a_record_has()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        var socket = new SocketId("11111111-0000-0000-0000-000000000000");
        await store.Control.AppendLogsAsync(
            connector, new SessionEpoch(0), [OpenStore.Record("1"), OpenStore.Record("2\n", "fatal", socket), OpenStore.Record("3", "loud")], null, Cancellation);

        Assert.Equal(["3", "2", "1"], await store.MessagesAsync(connector));
        var bySocket = await store.Logs.ReadAsync(connector, "error", socket.Value, null, new PageRequest(1, 10), Cancellation);
        var record = Assert.Single(bySocket.Records);
        Assert.Equal((DateTimeOffset.UnixEpoch.AddDays(20_000).ToUnixTimeMilliseconds(), "connector"), (record.At, record.Source));
        Assert.Equal("info", (await store.Logs.ReadAsync(connector, null, null, null, new PageRequest(1, 1), Cancellation)).Records[0].Severity);
    }

    [Fact]
    public async Task Logs_beyond_the_bound_lose_the_oldest_and_no_other_connectors()
    {
        using var store = new OpenStore(options => options.LogsKeptPerConnector = 100);
        var noisy = await store.CreateConnectorAsync("noisy");
        var quiet = await store.CreateConnectorAsync("quiet");
        await store.Control.AppendLogsAsync(quiet, new SessionEpoch(0), [OpenStore.Record("quiet")], null, Cancellation);

        for (var batch = 0; batch < 30; batch++)
        {
            await store.Control.AppendLogsAsync(
                noisy, new SessionEpoch(0), [.. Enumerable.Range(batch * 10, 10).Select(index => OpenStore.Record($"{index}"))], null, Cancellation);
        }

        var messages = await store.MessagesAsync(noisy);
        Assert.InRange(messages.Count, 100, 105);
        Assert.Equal(Enumerable.Range(300 - messages.Count, messages.Count).Reverse().Select(index => $"{index}"), messages);
        Assert.Equal(["quiet"], await store.MessagesAsync(quiet));
    }

    [Fact]
    public async Task Logs_left_over_by_a_restart_are_trimmed_by_the_next_append()
    {
        using var store = new OpenStore(options => options.LogsKeptPerConnector = 1_000);
        var connector = await store.CreateConnectorAsync("a");
        await store.Control.AppendLogsAsync(
            connector, new SessionEpoch(0), [.. Enumerable.Range(0, 500).Select(index => OpenStore.Record($"{index}"))], null, Cancellation);
        store.Options.LogsKeptPerConnector = 20;
        store.Restart();

        await store.Control.AppendLogsAsync(connector, new SessionEpoch(0), [OpenStore.Record("last")], null, Cancellation);

        var messages = await store.MessagesAsync(connector);
        Assert.Equal(20, messages.Count);
        Assert.Equal("last", messages[0]);
    }

    [Fact]
    public async Task Log_message_that_is_too_long_is_cut_and_says_so()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        await store.Control.AppendLogsAsync(
            connector, new SessionEpoch(0), [OpenStore.Record(new string('x', ConnectorLogs.MaxMessageLength * 2))], null, Cancellation);

        var message = Assert.Single(await store.MessagesAsync(connector));
        Assert.Equal(ConnectorLogs.MaxMessageLength + " (cut)".Length, message.Length);
        Assert.EndsWith(" (cut)", message);
    }

    [Fact]
    public async Task Desired_state_version_rises_for_those_whose_sockets_change_and_only_for_them()
    {
        using var store = new OpenStore();
        var (one, two, three) = (await store.CreateConnectorAsync("one"), await store.CreateConnectorAsync("two"), await store.CreateConnectorAsync("three"));
        var socket = (await store.Sockets.CreateAsync(OpenStore.Draft("db", one, two), Cancellation)).Socket;
        var before = await VersionsAsync();

        await store.Sockets.UpdateAsync(socket.Id, _ => new SocketDraft { ConnectorIds = [two.Value] }, Cancellation);
        var moved = await VersionsAsync();
        Assert.True(moved[0] > before[0] && moved[1] > before[1]);
        Assert.Equal(before[2], moved[2]);

        await store.Sockets.DeleteAsync("db", Cancellation);
        var deleted = await VersionsAsync();
        Assert.Equal(moved[0], deleted[0]);
        Assert.True(deleted[1] > moved[1]);
        Assert.Empty((await store.Control.ReadDesiredStateAsync(two, Cancellation))!.Sockets);

        async Task<long[]> VersionsAsync()
        {
            var versions = new List<long>();
            foreach (var id in new[] { one, two, three })
            {
                var state = await store.Control.ReadDesiredStateAsync(id, Cancellation);
                Assert.Equal(store.Database.Incarnation, state!.Version.Incarnation);
                versions.Add(state.Version.Number);
            }

            return [.. versions];
        }
    }

    [Fact]
    public async Task Desired_state_has_the_socket_as_it_goes_over_the_control_stream()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("edge-of-town");
        await store.Sockets.CreateAsync(OpenStore.Draft("db", connector) with { RecordingEnabled = true }, Cancellation);

        var state = await store.Control.ReadDesiredStateAsync(connector, Cancellation);

        Assert.Equal(("edge-of-town", "default", TimeSpan.FromSeconds(10)), (state!.Name, state.OrganizationName, state.HeartbeatInterval));
        var item = Assert.Single(state.Sockets);
        Assert.Equal(("db", "tls"), (item.Name, item.Type));
        Assert.Equal(
            """
            {"connector_authentication_enabled":false,"end_to_end_encryption_enabled":false,"private_network_ipv4":null,"private_network_ipv6":null,"recording_enabled":true,"upstream_configuration":{"service_type":"tls","tls_service_configuration":{"standard_tls_service_configuration":{"hostname":"db","port":5432},"tls_service_type":"standard"}}}
            """,
            item.ConfigJson);
    }

    [Fact]
    public async Task Connector_that_is_deleted_takes_tokens_logs_and_epoch_with_it_and_leaves_its_sockets()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        await store.Connectors.AddTokenAsync(Token("t1", connector), Cancellation);
        await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation);
        await store.Control.AppendLogsAsync(connector, new SessionEpoch(1), [OpenStore.Record("x")], null, Cancellation);
        await store.Sockets.CreateAsync(OpenStore.Draft("db", connector), Cancellation);

        Assert.True(await store.Connectors.DeleteAsync(connector, Cancellation));

        Assert.Null(await store.Control.ReadDesiredStateAsync(connector, Cancellation));
        Assert.Equal(TokenStanding.ConnectorDeleted, await store.Control.CheckTokenAsync(connector, "t1", Cancellation));
        Assert.Empty(await store.MessagesAsync(connector));
        await Assert.ThrowsAsync<StaleEpochException>(
            () => store.Control.AppendLogsAsync(connector, new SessionEpoch(1), [OpenStore.Record("late")], null, Cancellation));
        Assert.Empty((await store.Sockets.FindAsync("db", Cancellation))!.Connectors);
        Assert.False(await store.Connectors.DeleteAsync(connector, Cancellation));
        // Was deleted while its last heartbeat was on the way.
        await store.Control.TouchAsync(connector, DateTimeOffset.UnixEpoch, null, Cancellation);
    }

    [Fact]
    public async Task Batch_that_comes_again_is_stored_once_also_after_a_restart_and_in_a_later_session()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        var (replica, boot) = (new ReplicaId("r"), BootId.New());
        var first = await store.Control.RaiseEpochAsync(connector, new SessionEpoch(0), null, Cancellation);
        await AppendAsync(first, 1, boot, "one");
        await AppendAsync(first, 1, boot, "one");
        await AppendAsync(first, 2, boot, "two");

        store.Restart();
        var second = await store.Control.RaiseEpochAsync(connector, first, null, Cancellation);
        await AppendAsync(second, 2, boot, "two");
        await Assert.ThrowsAsync<StaleEpochException>(() => AppendAsync(first, 3, boot, "of the fenced session"));
        await AppendAsync(second, 3, boot, "three");

        // Another process, and another replica with the same numbers.
        await AppendAsync(second, 1, BootId.New(), "other boot");
        await store.Control.AppendLogsAsync(
            connector, second, [OpenStore.Record("other replica")], new LogPosition(new ReplicaId("r2"), boot, 1), Cancellation);

        Assert.Equal(["one", "two", "three", "other boot", "other replica"], (await store.MessagesAsync(connector)).Reverse());

        Task AppendAsync(SessionEpoch epoch, long sequence, BootId of, string message) => store.Control.AppendLogsAsync(
            connector, epoch, [OpenStore.Record(message)], new LogPosition(replica, of, sequence), Cancellation);
    }

    [Fact]
    public async Task Positions_are_bounded_and_the_newest_are_kept()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000));
        using var store = new OpenStore(time: time);
        var connector = await store.CreateConnectorAsync("a");
        var boots = Enumerable.Range(0, LogSequences.MaxPerConnector + 3).Select(_ => BootId.New()).ToList();
        foreach (var boot in boots)
        {
            await AppendAsync(boot);
            time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.Equal(LogSequences.MaxPerConnector, store.Database.Read(db => db.LogSequences.Count()));
        await AppendAsync(boots[^1]);
        Assert.Equal(boots.Count, (await store.MessagesAsync(connector)).Count);

        Task AppendAsync(BootId boot) => store.Control.AppendLogsAsync(
            connector, new SessionEpoch(0), [OpenStore.Record("x")], new LogPosition(new ReplicaId("r"), boot, 1), Cancellation);
    }

    [Fact]
    public async Task Counted_size_of_a_configuration_is_not_below_the_message_that_it_becomes()
    {
        using var store = new OpenStore(options => options.EdgePorts = (20_000, 20_199));
        var connector = await store.CreateConnectorAsync("a");
        for (var n = 0; n < 100; n++)
        {
            await store.Sockets.CreateAsync(OpenStore.Draft($"socket-{new string('x', n)}-ü", connector), Cancellation);
        }

        var state = await store.Control.ReadDesiredStateAsync(connector, Cancellation);
        var size = new DesiredStateMessages(true, Assert.Fail).Init(state!).CalculateSize();

        var counted = store.Database.Read(db => db.Sockets.Sum(socket => socket.ConfigSize));
        Assert.InRange(counted, size - 1_024, size + (100 * 8));
        Assert.True(store.Options.MaxConfigurationBytes + 100_000 < new ControlLimits().MaxMessageSize);
    }

    [Fact]
    public async Task Token_is_valid_until_revoked_and_only_for_its_connector()
    {
        using var store = new OpenStore();
        var (one, two) = (await store.CreateConnectorAsync("one"), await store.CreateConnectorAsync("two"));
        await store.Connectors.AddTokenAsync(Token("t1", one), Cancellation);

        Assert.Equal(TokenStanding.Valid, await store.Control.CheckTokenAsync(one, "t1", Cancellation));
        Assert.Equal(TokenStanding.UnknownToken, await store.Control.CheckTokenAsync(two, "t1", Cancellation));
        Assert.Equal(TokenStanding.UnknownToken, await store.Control.CheckTokenAsync(one, "t2", Cancellation));
        Assert.True(await store.Connectors.RevokeTokenAsync(one, "t1", Cancellation));
        Assert.Equal(TokenStanding.Revoked, await store.Control.CheckTokenAsync(one, "t1", Cancellation));
        Assert.False(await store.Connectors.RevokeTokenAsync(one, "t1", Cancellation));
    }

    [Fact]
    public async Task Tombstone_of_a_token_goes_when_no_ticket_of_it_can_be_alive()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UnixEpoch.AddDays(20_000));
        using var store = new OpenStore(time: time);
        var connector = await store.CreateConnectorAsync("a");
        await store.Connectors.AddTokenAsync(Token("t1", connector), Cancellation);
        await store.Connectors.AddTokenAsync(Token("t2", connector), Cancellation);
        await store.Connectors.RevokeTokenAsync(connector, "t1", Cancellation);

        time.Advance(TimeSpan.FromHours(24.5));
        store.Restart();
        await store.Connectors.AddTokenAsync(Token("t3", connector), Cancellation);
        Assert.Equal(TokenStanding.Revoked, await store.Control.CheckTokenAsync(connector, "t1", Cancellation));

        time.Advance(TimeSpan.FromHours(1));
        await store.Connectors.RevokeTokenAsync(connector, "t2", Cancellation);
        Assert.Equal(TokenStanding.UnknownToken, await store.Control.CheckTokenAsync(connector, "t1", Cancellation));
        Assert.Equal(TokenStanding.Revoked, await store.Control.CheckTokenAsync(connector, "t2", Cancellation));
        Assert.Equal(TokenStanding.Valid, await store.Control.CheckTokenAsync(connector, "t3", Cancellation));
    }

    [Fact]
    public async Task Tokens_and_their_tombstones_are_bounded()
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        await store.Database.WriteAsync(
            "filling",
            db =>
            {
                db.ConnectorTokens.AddRange(Enumerable.Range(0, ConnectorCatalog.MaxTokensPerConnector).Select(n => Token($"t{n}", connector)));
                db.SaveChanges();
            },
            Cancellation);
        await store.Connectors.RevokeTokenAsync(connector, "t0", Cancellation);

        var refusal = await Assert.ThrowsAsync<BoundReachedException>(() => store.Connectors.AddTokenAsync(Token("more", connector), Cancellation));
        Assert.Contains("1000 tokens", refusal.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData(null)]
    public async Task Touch_without_fit_metadata_keeps_the_old(string? metadata)
    {
        using var store = new OpenStore();
        var connector = await store.CreateConnectorAsync("a");
        await store.Control.TouchAsync(connector, DateTimeOffset.UnixEpoch.AddDays(2), """{"a":1}""", Cancellation);
        await store.Control.TouchAsync(connector, DateTimeOffset.UnixEpoch.AddDays(1), metadata, Cancellation);
        await store.Control.TouchAsync(
            connector, DateTimeOffset.UnixEpoch, JsonSerializer.Serialize(new { huge = new string('x', 100_000) }), Cancellation);

        var row = (await store.Connectors.FindAsync(connector, Cancellation))!.Connector;
        Assert.Equal(("""{"a":1}""", DateTimeOffset.UnixEpoch.AddDays(2).ToUnixTimeMilliseconds()), (row.Metadata, row.LastSeenAt));
    }

    private static ConnectorTokenRow Token(string id, ConnectorId connector)
        => new() { Id = id, ConnectorId = connector.Value, Name = "n", CreatedBy = "admin" };
}
