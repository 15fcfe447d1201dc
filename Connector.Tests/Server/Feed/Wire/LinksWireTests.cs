using System.Collections.Immutable;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Relay.Links;
using Connector.Server.Feed;
using Connector.Server.Feed.Wire;
using CsCheck;
using Google.Protobuf;

namespace Connector.Tests.Server.Feed.Wire;

[Trait("kind", Kinds.Pure)]
public sealed class LinksWireTests
{
    private static readonly ConnectorId Office = new("11111111-1111-1111-1111-111111111111");
    private static readonly BootId Boot = BootId.New();

    [Fact]
    public void Thousands_of_sockets_are_told_once_in_bounded_reports_and_then_only_what_changes()
    {
        var sockets = Enumerable.Range(0, 7_000).Select(i => new SocketId(Guid.NewGuid().ToString())).OrderBy(id => id.Value, StringComparer.Ordinal).ToImmutableArray();
        var changed = new EdgeReport.LinksChanged(Office, [Replica("r1", sockets), Replica("r2", sockets), Replica("r3", sockets)]);
        var encoder = new LinksEncoder();
        var first = encoder.Encode(changed).ToList();
        Assert.All(first, report => Assert.InRange(report.CalculateSize(), 1, FeedBounds.PartSize));
        var decoder = new LinksDecoder();
        AssertSame(changed, Decode(decoder, first));

        var again = changed with { Replicas = [.. changed.Replicas.Select(replica => replica with { LiveStreams = 5, Path = new PathProof(true, TimeSpan.FromSeconds(2)) })] };
        var second = encoder.Encode(again).ToList();
        Assert.InRange(second.Sum(report => report.CalculateSize()), 1, 400);
        AssertSame(again, Decode(decoder, second));

        var less = again with { Replicas = again.Replicas.SetItem(1, again.Replicas[1] with { Sockets = sockets.RemoveAt(0), UpstreamsOff = [sockets[1]] }) };
        var third = encoder.Encode(less).ToList();
        Assert.InRange(third.Sum(report => report.CalculateSize()), 1, 600);
        AssertSame(less, Decode(decoder, third));

        var none = new EdgeReport.LinksChanged(Office, []);
        Assert.Empty(Decode(decoder, encoder.Encode(none)).Replicas);
        AssertSame(changed, Decode(decoder, encoder.Encode(changed)));
    }

    [Fact]
    public void Any_row_of_links_arrives_as_it_was_told()
    {
        var ids = Enumerable.Range(0, 6).Select(i => new SocketId($"s{i}")).ToArray();
        var replica = Gen.Select(Gen.Int[0, 2], Gen.Bool.Array[6], Gen.Bool.Array[6], Gen.Int[0, 3], Gen.Bool, (name, serves, off, lanes, on) =>
            Replica($"r{name}", [.. ids.Where((_, i) => serves[i])]) with
            {
                UpstreamsOff = [.. ids.Where((_, i) => serves[i] && off[i])], Lanes = lanes, Path = on ? new PathProof(true, TimeSpan.FromMilliseconds(7)) : default,
            });
        replica.Array[0, 3].Array[1, 8].Sample(row =>
        {
            var (encoder, decoder) = (new LinksEncoder(), new LinksDecoder());
            foreach (var replicas in row)
            {
                var changed = new EdgeReport.LinksChanged(Office, [.. replicas.DistinctBy(one => one.ReplicaId)]);
                AssertSame(changed, Decode(decoder, encoder.Encode(changed)));
            }
        });
    }

    [Fact]
    public void Word_of_a_replica_without_a_link_is_refused()
    {
        var served = new ServedReport { ConnectorId = Office.Value, ReplicaId = "r1", BootId = ByteString.CopyFrom(new byte[16]) };
        Assert.Contains("r1", Assert.Throws<FeedProtocolException>(() => new LinksDecoder().Take(served)).Message, StringComparison.Ordinal);
        served.BootId = ByteString.CopyFrom(new byte[3]);
        Assert.Throws<FeedProtocolException>(() => new LinksDecoder().Take(served));
        Assert.Throws<FeedProtocolException>(() => new LinksDecoder().Take(new LinksReport()));
    }

    private static ReplicaLinks Replica(string name, ImmutableArray<SocketId> sockets) => new(new ReplicaId(name), Boot, 2, 0, false, sockets)
    {
        Path = new PathProof(true, TimeSpan.FromSeconds(1)),
    };

    private static EdgeReport.LinksChanged Decode(LinksDecoder decoder, IEnumerable<Report> reports)
    {
        foreach (var report in reports.Select(report => Report.Parser.ParseFrom(report.ToByteArray())))
        {
            if (report.Links is { } links)
            {
                decoder.Take(links);
            }
            else
            {
                decoder.Take(report.Served);
            }
        }

        return Assert.Single(decoder.Drain());
    }

    private static void AssertSame(EdgeReport.LinksChanged expected, EdgeReport.LinksChanged actual)
    {
        Assert.Equal(expected.ConnectorId, actual.ConnectorId);
        Assert.Equal(expected.Replicas.Length, actual.Replicas.Length);
        foreach (var (one, two) in expected.Replicas.Zip(actual.Replicas))
        {
            Assert.Equal(one with { Sockets = [], UpstreamsOff = [] }, two with { Sockets = [], UpstreamsOff = [] });
            Assert.Equal(one.Sockets.Select(id => id.Value).Order(StringComparer.Ordinal), two.Sockets.Select(id => id.Value));
            Assert.Equal(one.UpstreamsOff.Select(id => id.Value).Order(StringComparer.Ordinal), two.UpstreamsOff.Select(id => id.Value));
        }
    }
}
