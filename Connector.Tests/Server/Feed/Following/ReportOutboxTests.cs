using System.Net;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Server.Feed;
using Connector.Server.Feed.Following;
using Connector.Server.Feed.Wire;

namespace Connector.Tests.Server.Feed.Following;

[Trait("kind", Kinds.Pure)]
public sealed class ReportOutboxTests
{
    private static readonly ConnectorId Office = new("c");
    private static readonly BootId Boot = BootId.New();

    private readonly ReportOutbox outbox = new();

    [Fact]
    public void Without_a_stream_nothing_is_sent_and_a_new_one_is_told_everything_that_stands()
    {
        var session = FeedSamples.Session();
        outbox.Add(new EdgeReport.Listening(new SocketId("s"), new IPEndPoint(IPAddress.Any, 20_000)));
        outbox.Add(FeedSamples.Links(Office, Boot, new SocketId("s")));
        outbox.Add(new EdgeReport.SessionBegan(session));
        Assert.Null(outbox.Next());

        outbox.Connected();
        AssertTold(outbox.Next()!);
        outbox.Stored(0);
        Assert.Null(outbox.Next());

        outbox.Disconnected();
        outbox.Connected();
        AssertTold(outbox.Next()!);

        static void AssertTold(ReportBatch batch)
        {
            Assert.True(batch.Complete);
            Assert.Equal(0, batch.Sequence);
            Assert.Equal(
                [Report.ReportOneofCase.Listener, Report.ReportOneofCase.Links, Report.ReportOneofCase.Served, Report.ReportOneofCase.Began],
                batch.Reports.Select(report => report.ReportCase));
        }
    }

    [Fact]
    public void Only_the_newest_of_what_stands_is_told()
    {
        outbox.Connected();
        outbox.Next();
        outbox.Stored(0);
        for (var port = 1; port <= 100; port++)
        {
            outbox.Add(new EdgeReport.Listening(new SocketId("s"), new IPEndPoint(IPAddress.Any, port)));
            outbox.Add(FeedSamples.Links(Office, Boot));
        }

        var batch = outbox.Next()!;
        Assert.Equal(100, batch.Reports[0].Listener.Port);
        Assert.Equal(2, batch.Reports.Count);
    }

    [Fact]
    public void Links_that_went_away_while_there_was_no_stream_are_not_told_of()
    {
        outbox.Add(FeedSamples.Links(Office, Boot));
        outbox.Connected();
        Assert.Single(outbox.Next()!.Reports);
        outbox.Disconnected();
        outbox.Add(new EdgeReport.LinksChanged(Office, []));
        outbox.Connected();
        var batch = outbox.Next()!;
        Assert.Empty(batch.Reports);
        Assert.True(batch.Complete);
    }

    [Fact]
    public void What_must_last_waits_until_it_is_stored_and_comes_again_under_its_number()
    {
        var session = FeedSamples.Session();
        outbox.Connected();
        outbox.Next();
        outbox.Stored(0);
        outbox.Add(FeedSamples.Logged("one"));
        outbox.Add(FeedSamples.Ended(session));
        var batch = outbox.Next()!;
        Assert.Equal((1, 2), (batch.Sequence, batch.Reports.Count));
        Assert.Null(outbox.Next());
        Assert.False(outbox.IsEmpty);

        outbox.Disconnected();
        outbox.Add(FeedSamples.Logged("two"));
        outbox.Connected();
        var again = outbox.Next()!;
        Assert.Equal(1, again.Sequence);
        Assert.Equal(batch.Reports, again.Reports);
        Assert.False(again.Complete);
        outbox.Stored(1);
        var next = outbox.Next()!;
        Assert.Equal((2, "two", true), (next.Sequence, Assert.Single(next.Reports).Log.Message, next.Complete));
        outbox.Stored(2);
        Assert.True(outbox.IsEmpty);
    }

    [Fact]
    public void Answer_to_an_older_batch_does_not_take_a_newer_one_for_stored()
    {
        outbox.Connected();
        outbox.Add(FeedSamples.Logged("one"));
        Assert.Equal(1, outbox.Next()!.Sequence);
        outbox.Stored(7);
        Assert.False(outbox.IsEmpty);
        Assert.Equal(1, outbox.Next()!.Sequence);
    }

    [Fact]
    public void More_than_is_kept_pushes_the_oldest_out_and_is_counted()
    {
        for (var i = 0; i < ReportOutbox.MaxLogs + 5; i++)
        {
            outbox.Add(FeedSamples.Logged($"{i}"));
        }

        for (var i = 0; i < ReportOutbox.MaxEnded + 3; i++)
        {
            outbox.Add(FeedSamples.Ended(FeedSamples.Session()));
        }

        Assert.Equal((5, 3), outbox.Dropped);
        outbox.Connected();
        var (ended, logs) = (0, new List<string>());
        while (outbox.Next() is { } batch)
        {
            Assert.InRange(batch.Reports.Count, 0, FeedBounds.MaxReports);
            Assert.InRange(batch.CalculateSize(), 1, FeedBounds.PartSize * 2);
            Assert.Equal((5, 3), (batch.DroppedLogs, batch.DroppedSessions));
            ended += batch.Reports.Count(report => report.Ended is not null);
            logs.AddRange(batch.Reports.Where(report => report.Log is not null).Select(report => report.Log.Message));
            outbox.Stored(batch.Sequence);
        }

        Assert.Equal(ReportOutbox.MaxEnded, ended);
        Assert.Equal(Enumerable.Range(5, ReportOutbox.MaxLogs).Select(i => $"{i}"), logs);
    }

    [Fact]
    public void Session_that_ended_is_not_begun_any_more()
    {
        var (over, running) = (FeedSamples.Session(), FeedSamples.Session());
        outbox.Connected();
        outbox.Add(new EdgeReport.SessionBegan(over));
        outbox.Add(new EdgeReport.SessionBegan(running));
        outbox.Add(FeedSamples.Ended(over));
        var batch = outbox.Next()!;
        Assert.Equal(running.Id, new Guid(Assert.Single(batch.Reports, report => report.Began is not null).Began.Id.Span, bigEndian: true));
        Assert.Single(batch.Reports, report => report.Ended is not null);
    }

    [Fact]
    public void Complete_is_said_only_when_all_that_stands_was_told()
    {
        for (var i = 0; i < 3 * FeedBounds.MaxReports; i++)
        {
            outbox.Add(new EdgeReport.SessionBegan(FeedSamples.Session()));
        }

        outbox.Connected();
        var completes = new List<bool>();
        while (outbox.Next() is { } batch)
        {
            completes.Add(batch.Complete);
            outbox.Stored(batch.Sequence);
        }

        Assert.InRange(completes.Count, 3, 20);
        Assert.True(completes[^1]);
        Assert.DoesNotContain(true, completes[..^1]);
    }

    [Fact]
    public void Sessions_that_come_and_go_behind_a_batch_that_is_out_leave_nothing_behind()
    {
        outbox.Connected();
        outbox.Next();
        for (var i = 0; i < 100_000; i++)
        {
            var session = FeedSamples.Session();
            outbox.Add(new EdgeReport.SessionBegan(session));
            outbox.Add(FeedSamples.Ended(session));
        }

        outbox.Stored(0);
        Assert.DoesNotContain(outbox.Next()!.Reports, report => report.Began is not null);
    }
}
