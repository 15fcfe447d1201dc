using System.Net;
using Connector.Protocol.Ids;
using Connector.Server.Feed;
using Connector.Server.Store;
using Connector.Tests.Server.Store;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace Connector.Tests.Server.Feed;

[Trait("kind", Kinds.Contract)]
public sealed class SessionIntakeTests : IDisposable
{
    private readonly OpenStore store = new();
    private readonly SessionIntake intake;

    public SessionIntakeTests() => intake = new SessionIntake(store.Sessions, TimeProvider.System, NullLogger<SessionIntake>.Instance);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        intake.Dispose();
        store.Dispose();
    }

    [Fact]
    public async Task Session_is_live_until_it_ends_and_then_stored()
    {
        var connector = await store.CreateConnectorAsync("a");
        await intake.StartAsync(Cancellation);
        var (one, two) = (Session(connector, 1), Session(connector, 2));
        intake.Began(one);
        intake.Began(two);
        Assert.Equal([two, one], intake.Live.Matching(new SessionFilter()));
        Assert.Equal([one], intake.Live.Matching(new SessionFilter(Client: one.Client)));

        intake.Ended(new EdgeReport.SessionEnded(one, Ending(one)));

        Assert.Equal([two], intake.Live.Matching(new SessionFilter()));
        await Eventually.IsTrue(() => intake.Transactions == 1, "the session is stored");
        var row = Assert.Single((await store.Sessions.ReadAsync(new SessionFilter(), 0, 10, Cancellation)).Records);
        Assert.Equal((one.Id.ToString(), "limit", "idle_timeout", 10L, 20L), (row.SessionId, row.EndedBy, row.Code, row.BytesToClient, row.BytesFromClient));
        Assert.Equal(0, intake.DroppedRecords);
        await intake.StopAsync(Cancellation);
    }

    [Fact]
    public async Task Thousands_make_a_few_transactions()
    {
        var connector = await store.CreateConnectorAsync("a");
        var all = Enumerable.Range(1, 5_000).Select(number => Session(connector, number)).ToList();
        all.ForEach(session => intake.Ended(new EdgeReport.SessionEnded(session, Ending(session))));
        await intake.StartAsync(Cancellation);
        await Eventually.IsTrue(() => store.Database.Read(db => db.Sessions.Count()) == all.Count, "all are stored");

        // Counted a moment after its rows can be read.
        await Eventually.IsTrue(() => intake.Transactions == 3, "they took three transactions");
        var stored = store.Database.Read(db => db.Sessions.OrderBy(row => row.Id).Select(row => row.SessionId).ToList());
        Assert.Equal(all.Select(session => session.Id.ToString()), stored);
        await intake.StopAsync(Cancellation);
    }

    [Fact]
    public async Task What_cannot_wait_is_dropped_oldest_first_and_counted()
    {
        var connector = await store.CreateConnectorAsync("a");
        var all = Enumerable.Range(1, SessionIntake.MaxWaiting + 10).Select(number => Session(connector, number)).ToList();
        all.ForEach(intake.Began);
        all.ForEach(session => intake.Ended(new EdgeReport.SessionEnded(session, Ending(session))));
        Assert.Equal(10, intake.DroppedRecords);
        Assert.Equal(0, intake.Live.Count);

        // Stopped before it has run: what waits is kept all the same.
        await intake.StopAsync(Cancellation);

        var (newest, total) = await store.Sessions.ReadAsync(new SessionFilter(), 0, 1, Cancellation);
        Assert.Equal(SessionIntake.MaxWaiting, total);
        Assert.Equal(all[^1].Id.ToString(), newest[0].SessionId);
    }

    [Fact]
    public void Live_sessions_are_bounded()
    {
        var live = new LiveSessions();
        for (var i = 0; i < LiveSessions.Most + 5; i++)
        {
            live.Add(Session(new ConnectorId("a"), 1));
        }

        Assert.Equal(LiveSessions.Most, live.Count);
    }

    private static SessionRecord Session(ConnectorId connector, int number)
        => new(
            Guid.NewGuid(), new SocketId("web"), "orders", connector, new ReplicaId("r1"), new EdgeId("edge"), new IPEndPoint(IPAddress.Loopback, 1 + (number % 65_000)),
            DateTimeOffset.UtcNow.AddSeconds(number / 100_000.0));

    private static SessionEnding Ending(SessionRecord session)
        => new(session.StartedAt.AddSeconds(1), TimeSpan.FromSeconds(1), 10, 20, SessionEnder.Limit, "idle_timeout", "nothing flowed", 0);
}
