using System.Globalization;
using System.Net;
using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Server.Feed;
using Xunit;

namespace Connector.Tests.Server.Api;

[Trait("kind", Kinds.Contract)]
public sealed class StreamSessionEndpointsTests
{
    private static readonly DateTimeOffset Begin = new(DateTimeOffset.UtcNow.Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);

    [Fact]
    public async Task Ended_session_says_who_ended_it_and_a_live_one_that_it_runs()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var (ended, live) = (Session(connector, 1), Session(connector, 2));
        server.Feed.Report(new EdgeReport.SessionBegan(ended));
        server.Feed.Report(new EdgeReport.SessionBegan(live));
        End(server, ended);
        await StoredAsync(server, 1);

        var answer = await server.GetAsync("sessions");

        Assert.Equal(["live", "ended"], Texts(answer, "state"));
        Assert.Equal([live.Id.ToString(), ended.Id.ToString()], Texts(answer, "id"));
        Assert.Equal(0, answer.GetProperty("dropped_records").GetInt64());
        Assert.Equal(2, answer.GetProperty("pagination").GetProperty("total_records").GetInt32());
        var record = answer.GetProperty("list")[1];
        Assert.Equal("web", record.GetProperty("socket_id").GetString());
        Assert.Equal("orders", record.GetProperty("socket_name").GetString());
        Assert.Equal(connector, record.GetProperty("connector_id").GetString());
        Assert.Equal("r1", record.GetProperty("replica_id").GetString());
        Assert.Equal("edge", record.GetProperty("edge_id").GetString());
        Assert.Equal("[2001:db8::7]:1001", record.GetProperty("client").GetString());
        Assert.Equal(Begin.AddSeconds(1), record.GetProperty("started_at").GetDateTimeOffset());
        Assert.Equal(Begin.AddSeconds(6), record.GetProperty("ended_at").GetDateTimeOffset());
        Assert.Equal(5_000, record.GetProperty("duration_ms").GetInt64());
        Assert.Equal(10, record.GetProperty("bytes_to_client").GetInt64());
        Assert.Equal(20, record.GetProperty("bytes_from_client").GetInt64());
        Assert.Equal("upstream", record.GetProperty("ended_by").GetString());
        Assert.Equal("connection_lost", record.GetProperty("code").GetString());
        Assert.Equal("the other end reset the stream", record.GetProperty("reason").GetString());
        Assert.Equal(2, record.GetProperty("resumes").GetInt32());
        Assert.False(answer.GetProperty("list")[0].TryGetProperty("ended_by", out _));
    }

    [Fact]
    public async Task Pages_run_from_the_live_ones_into_the_ended_ones()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var all = Enumerable.Range(1, 5).Select(number => Session(connector, number)).ToList();
        all.ForEach(session => server.Feed.Report(new EdgeReport.SessionBegan(session)));
        foreach (var session in all.Take(3))
        {
            End(server, session);
        }

        await StoredAsync(server, 3);
        var ids = new List<string>();
        var next = 1;
        while (next != 0)
        {
            var page = await server.GetAsync($"sessions?page={next}&page_size=2");
            Assert.Equal(5, page.GetProperty("pagination").GetProperty("total_records").GetInt32());
            ids.AddRange(Texts(page, "id"));
            next = page.GetProperty("pagination").GetProperty("next_page").GetInt32();
        }

        Assert.Equal([5, 4, 3, 2, 1], ids.Select(id => all.FindIndex(session => session.Id.ToString() == id) + 1));
        Assert.Equal(2, Texts(await server.GetAsync("sessions?state=live"), "id").Count);
        Assert.Equal(3, Texts(await server.GetAsync("sessions?state=ended"), "id").Count);
    }

    [Fact]
    public async Task Filters_are_for_live_and_ended_alike()
    {
        await using var server = await ApiServer.StartAsync();
        var connector = await server.CreateConnectorAsync("a");
        var other = await server.CreateConnectorAsync("b");
        var (ended, live) = (Session(connector, 1), Session(connector, 2));
        var (otherEnded, otherLive) = (Other(Session(other, 3)), Other(Session(other, 4)));
        foreach (var session in (SessionRecord[])[ended, live, otherEnded, otherLive])
        {
            server.Feed.Report(new EdgeReport.SessionBegan(session));
        }

        End(server, ended);
        End(server, otherEnded);
        await StoredAsync(server, 2);

        string[] expected = [live.Id.ToString(), ended.Id.ToString()];
        foreach (var filter in (string[])["socket_id=web", $"connector_id={connector}", "replica_id=r1", "client=2001:db8::7"])
        {
            Assert.Equal(expected, Texts(await server.GetAsync($"sessions?{filter}"), "id"));
        }

        Assert.Equal([ended.Id.ToString()], Texts(await server.GetAsync("sessions?client=[2001:db8::7]:1001"), "id"));

        // A mapped address is the IPv4 one.
        Assert.Equal(2, Texts(await server.GetAsync("sessions?client=::ffff:192.0.2.9"), "id").Count);
        Assert.Equal([live.Id.ToString(), ended.Id.ToString()], Texts(await server.GetAsync($"sessions?until={Time(Begin.AddSeconds(2.5))}"), "id"));
        Assert.Equal([otherLive.Id.ToString(), live.Id.ToString()], Texts(await server.GetAsync($"sessions?since={Time(Begin.AddSeconds(9))}"), "id"));

        static SessionRecord Other(SessionRecord session)
            => session with { SocketId = new SocketId("ssh"), ReplicaId = new ReplicaId("r2"), Client = IPEndPoint.Parse("192.0.2.9:7") };
    }

    [Theory]
    [InlineData("state=over", "state: \"over\"")]
    [InlineData("client=nobody", "client: expected an address")]
    [InlineData("since=yesterday", "since: expected a time")]
    [InlineData("until=soon", "until: expected a time")]
    [InlineData("page=0", "page: expected a whole number")]
    [InlineData("page_size=1001", "page_size: expected a whole number")]
    public async Task Wrong_parameter_is_refused_by_name(string query, string expected)
    {
        await using var server = await ApiServer.StartAsync();
        Assert.Contains(expected, await server.RefusedAsync(HttpMethod.Get, $"sessions?{query}", null, 400), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Description_names_every_parameter_and_field()
    {
        await using var server = await ApiServer.StartAsync();
        var document = await server.SendAsync(HttpMethod.Get, "/openapi/v1.json", null, HttpStatusCode.OK);
        var operation = document.GetProperty("paths").GetProperty("/api/v1/sessions").GetProperty("get");
        Assert.Equal(
            ["client", "connector_id", "page", "page_size", "replica_id", "since", "socket_id", "state", "until"],
            operation.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString()).Order(StringComparer.Ordinal));
        Assert.All(operation.GetProperty("parameters").EnumerateArray(), parameter => Assert.Equal("query", parameter.GetProperty("in").GetString()));
        var fields = document.GetProperty("components").GetProperty("schemas").GetProperty("StreamSessionAnswer").GetProperty("properties");
        Assert.True(fields.TryGetProperty("bytes_from_client", out _));
        Assert.True(fields.TryGetProperty("ended_by", out _));
    }

    private static SessionRecord Session(string connector, int number)
        => new(
            Guid.NewGuid(), new SocketId("web"), "orders", new ConnectorId(connector), new ReplicaId("r1"), new EdgeId("edge"),
            new IPEndPoint(IPAddress.Parse("2001:db8::7"), 1000 + number), Begin.AddSeconds(number));

    private static void End(ApiServer server, SessionRecord session)
        => server.Feed.Report(new EdgeReport.SessionEnded(
            session,
            new SessionEnding(
                session.StartedAt.AddSeconds(5), TimeSpan.FromSeconds(5), 10, 20, SessionEnder.Upstream, "connection_lost", "the other end reset the stream", 2)));

    private static Task StoredAsync(ApiServer server, int count)
        => Eventually.IsTrueAsync(
            async () => Texts(await server.GetAsync("sessions?state=ended"), "id").Count == count, $"{count} sessions are stored", TestContext.Current.CancellationToken);

    private static string Time(DateTimeOffset time) => Uri.EscapeDataString(time.ToString("O", CultureInfo.InvariantCulture));

    private static List<string> Texts(JsonElement answer, string name)
        => [.. answer.GetProperty("list").EnumerateArray().Select(session => session.GetProperty(name).GetString()!)];
}
