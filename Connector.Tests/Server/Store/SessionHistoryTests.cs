using System.Net;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Server.Store;

[Trait("kind", Kinds.Contract)]
public sealed class SessionHistoryTests
{
    private static readonly DateTimeOffset Noon = new(2030, 1, 2, 12, 0, 0, TimeSpan.Zero);
    private readonly FakeTimeProvider time = new(Noon.AddHours(1));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sessions_come_back_whole_and_newest_end_first_after_a_restart()
    {
        using var store = new OpenStore(time: time);
        var connector = await store.CreateConnectorAsync("a");
        Assert.Equal(2, await store.Sessions.AppendAsync([Row(connector, 1), Row(connector, 2)], Cancellation));
        store.Restart();

        var (records, total) = await store.Sessions.ReadAsync(new SessionFilter(), 0, 10, Cancellation);

        Assert.Equal(2, total);
        Assert.Equal(["2", "1"], records.Select(row => row.SessionId));
        var newest = records[0];
        Assert.Equal(
            ("web", "orders", "r1", "edge", "192.0.2.2", 1002, Noon.AddSeconds(2).ToUnixTimeMilliseconds(), 5_000L),
            (newest.SocketId, newest.SocketName, newest.ReplicaId, newest.EdgeId, newest.ClientAddress, newest.ClientPort, newest.StartedAt, newest.DurationMs));
        Assert.Equal(
            (1L << 40, 7L, "client", "closed", "both sides closed", 3),
            (newest.BytesToClient, newest.BytesFromClient, newest.EndedBy, newest.Code, newest.Reason, newest.Resumes));
    }

    [Fact]
    public async Task Oldest_go_first_when_a_connector_has_too_many_and_others_keep_theirs()
    {
        using var store = new OpenStore(options => options.SessionsKeptPerConnector = 20, time);
        var (busy, quiet) = (await store.CreateConnectorAsync("busy"), await store.CreateConnectorAsync("quiet"));
        await store.Sessions.AppendAsync([Row(quiet, 0)], Cancellation);
        for (var i = 1; i <= 100; i += 4)
        {
            await store.Sessions.AppendAsync([Row(busy, i), Row(busy, i + 1), Row(busy, i + 2), Row(busy, i + 3)], Cancellation);
        }

        var (records, total) = await store.Sessions.ReadAsync(new SessionFilter(Connector: busy), 0, 1_000, Cancellation);
        Assert.InRange(total, 20, 21);
        Assert.Equal("100", records[0].SessionId);
        Assert.Equal(records.Select(row => int.Parse(row.SessionId)), Enumerable.Range(0, total).Select(i => 100 - i));
        Assert.Single((await store.Sessions.ReadAsync(new SessionFilter(Connector: quiet), 0, 10, Cancellation)).Records);
    }

    [Fact]
    public async Task Those_too_old_are_not_shown_and_then_deleted()
    {
        using var store = new OpenStore(options => options.SessionsKeptFor = TimeSpan.FromDays(1), time);
        var connector = await store.CreateConnectorAsync("a");
        await store.Sessions.AppendAsync([Row(connector, 1), Row(connector, 7200)], Cancellation);
        time.SetUtcNow(Noon.AddDays(1).AddHours(1));

        var (records, total) = await store.Sessions.ReadAsync(new SessionFilter(), 0, 10, Cancellation);

        Assert.Equal(("7200", 1), (Assert.Single(records).SessionId, total));
        Assert.Equal(1, await store.Sessions.TrimByAgeAsync(Cancellation));
        Assert.Equal(1, store.Database.Read(db => db.Sessions.Count()));
    }

    [Fact]
    public async Task Deleting_many_old_records_lets_other_changes_in_between()
    {
        using var store = new OpenStore(options => options.SessionsKeptFor = TimeSpan.FromDays(1), time);
        var connector = await store.CreateConnectorAsync("a");
        await store.Sessions.AppendAsync([.. Enumerable.Range(1, 6_000).Select(number => Row(connector, number))], Cancellation);
        time.SetUtcNow(Noon.AddDays(3));

        // In this order: whoever holds the writer, the deleting, another change.
        using var go = new ManualResetEventSlim();
        var before = store.Database.WriteAsync("waiting", _ => go.Wait(TimeSpan.FromSeconds(30)), Cancellation);
        var deleting = store.Sessions.TrimByAgeAsync(Cancellation);
        var left = store.Database.WriteAsync("counting", db => db.Sessions.Count(), Cancellation);
        go.Set();

        Assert.True(await before);
        Assert.InRange(await left, 1, 5_999);
        Assert.Equal(6_000, await deleting);
        Assert.Equal(0, store.Database.Read(db => db.Sessions.Count()));
    }

    [Fact]
    public async Task Session_of_a_connector_that_is_gone_is_left_out_and_its_others_go_with_it()
    {
        using var store = new OpenStore(time: time);
        var (gone, stays) = (await store.CreateConnectorAsync("gone"), await store.CreateConnectorAsync("stays"));
        await store.Sessions.AppendAsync([Row(gone, 1), Row(stays, 2)], Cancellation);
        await store.Connectors.DeleteAsync(gone, Cancellation);

        Assert.Equal(1, await store.Sessions.AppendAsync([Row(gone, 3), Row(stays, 4)], Cancellation));

        var (records, _) = await store.Sessions.ReadAsync(new SessionFilter(), 0, 10, Cancellation);
        Assert.Equal(["4", "2"], records.Select(row => row.SessionId));
    }

    [Fact]
    public async Task Batch_that_is_tried_again_is_stored_once()
    {
        using var store = new OpenStore(time: time);
        var connector = await store.CreateConnectorAsync("a");
        SessionRow[] batch = [Row(connector, 1), Row(connector, 2)];
        batch[1].Reason = null!;
        await Assert.ThrowsAnyAsync<Exception>(() => store.Sessions.AppendAsync(batch, Cancellation));
        Assert.Equal(0, store.Database.Read(db => db.Sessions.Count()));

        batch[1].Reason = "mended";
        Assert.Equal(2, await store.Sessions.AppendAsync(batch, Cancellation));
        Assert.Equal(2, store.Database.Read(db => db.Sessions.Count()));
    }

    [Fact]
    public async Task Filters_choose_and_pages_follow_each_other()
    {
        using var store = new OpenStore(time: time);
        var (a, b) = (await store.CreateConnectorAsync("a"), await store.CreateConnectorAsync("b"));
        var other = Row(b, 3);
        (other.SocketId, other.ReplicaId) = ("ssh", "r2");
        await store.Sessions.AppendAsync([Row(a, 1), Row(a, 2), other, Row(a, 4), Row(a, 5)], Cancellation);

        Assert.Equal("3", await IdsAsync(new SessionFilter(Socket: new SocketId("ssh"))));
        Assert.Equal("3", await IdsAsync(new SessionFilter(Connector: b)));
        Assert.Equal("3", await IdsAsync(new SessionFilter(Replica: new ReplicaId("r2"))));
        Assert.Equal("4", await IdsAsync(new SessionFilter(Client: IPEndPoint.Parse("192.0.2.4"))));
        Assert.Equal("4", await IdsAsync(new SessionFilter(Client: IPEndPoint.Parse("192.0.2.4:1004"))));
        Assert.Equal("", await IdsAsync(new SessionFilter(Client: IPEndPoint.Parse("192.0.2.4:1005"))));

        // Each takes 5 s from its number on.
        Assert.Equal("5 4 3", await IdsAsync(new SessionFilter(Since: Noon.AddSeconds(8))));
        Assert.Equal("2 1", await IdsAsync(new SessionFilter(Until: Noon.AddSeconds(2))));
        Assert.Equal("2", await IdsAsync(new SessionFilter(Since: Noon.AddSeconds(7), Until: Noon.AddSeconds(2))));
        Assert.Equal("4 2", await IdsAsync(new SessionFilter(Connector: a), skip: 1, take: 2));
        Assert.Equal("1", await IdsAsync(new SessionFilter(Connector: a), skip: 3, take: 2));
        Assert.Equal("", await IdsAsync(new SessionFilter(), skip: long.MaxValue, take: 2));

        async Task<string> IdsAsync(SessionFilter filter, long skip = 0, int take = 10)
            => string.Join(' ', (await store.Sessions.ReadAsync(filter, skip, take, Cancellation)).Records.Select(row => row.SessionId));
    }

    private static SessionRow Row(ConnectorId connector, int number)
    {
        var started = Noon.AddSeconds(number).ToUnixTimeMilliseconds();
        return new SessionRow
        {
            SessionId = $"{number}", ConnectorId = connector.Value, SocketId = "web", SocketName = "orders", ReplicaId = "r1", EdgeId = "edge",
            ClientAddress = $"192.0.2.{number % 256}", ClientPort = 1000 + number, StartedAt = started, EndedAt = started + 5_000, DurationMs = 5_000,
            BytesToClient = 1L << 40, BytesFromClient = 7, EndedBy = "client", Code = "closed", Reason = "both sides closed", Resumes = 3,
        };
    }
}
