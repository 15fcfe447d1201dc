using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Connector.Tests.Server.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class ScanReaderTests
{
    private static readonly DiscoveryKey Key = new(new PluginId("p"), "docker_discoverer");
    private readonly ScanReader reader = new(new FakeTimeProvider(Found.Noon));

    [Fact]
    public void Message_without_parts_is_the_whole()
    {
        var results = Found.Results("p", Key.DiscoveryId, Found.Container("a"));
        results.Warnings.Add("slow");
        var scan = reader.Add(Key, results)!;
        Assert.Equal("docker_container /a", Assert.Single(scan.Resources).Identity);
        Assert.Equal(["slow"], scan.Warnings);
        Assert.True(scan.IsComplete);
        Assert.Equal(Found.Noon, scan.EndedAt);
    }

    [Fact]
    public void Parts_are_put_together_in_order()
    {
        Assert.Null(reader.Add(Key, Part("s", 1, 3, "a")));
        Assert.Null(reader.Add(Key, Part("s", 2, 3, "b")));
        Assert.Equal(["/a", "/b", "/c"], reader.Add(Key, Part("s", 3, 3, "c"))!.Resources.Select(static found => found.Name).Select(static name => $"/{name}"));
    }

    [Fact]
    public void Part_that_does_not_belong_drops_what_was_there()
    {
        Assert.Null(reader.Add(Key, Part("s", 1, 3, "a")));
        Lost(reader.Add(Key, Part("s", 3, 3, "c")));
        Assert.Null(reader.Add(Key, Part("s", 2, 3, "b")));
        Assert.Null(reader.Add(Key, Part("s", 3, 3, "c")));
        Assert.Null(reader.Add(Key, Part("t", 1, 2, "a")));
        Lost(reader.Add(Key, Part("u", 2, 2, "b")));
        Assert.Empty(reader.Add(Key, Part("v", 1, 1, "b"))!.Errors);
    }

    [Fact]
    public void Scan_that_is_too_large_is_an_error_and_said_once()
    {
        var part = Part("s", 1, 30, "a");
        part.Resources[0].Fields["large"] = Value.ForString(new string('x', 3 * 1024 * 1024));
        var scans = new List<Scan>();
        for (var number = 1u; number <= 30; number++)
        {
            part.Part.Number = number;
            if (reader.Add(Key, part) is { } scan)
            {
                scans.Add(scan);
            }
        }

        Assert.Contains("too large", Assert.Single(Assert.Single(scans).Errors), StringComparison.Ordinal);
        Assert.Empty(scans[0].Resources);
    }

    [Fact]
    public void Scans_that_were_never_finished_make_room_for_one_that_comes()
    {
        var large = Part("s", 1, 2, "a");
        large.Resources[0].Fields["large"] = Value.ForString(new string('x', 3 * 1024 * 1024));
        for (var i = 0; i < 30; i++)
        {
            Assert.Null(reader.Add(Key with { DiscoveryId = $"d{i}" }, large));
        }

        Assert.Empty(reader.Add(Key with { DiscoveryId = "d29" }, Part("s", 2, 2, "b"))!.Errors);
    }

    [Theory]
    [InlineData(0u, 1u)]
    [InlineData(2u, 1u)]
    [InlineData(1u, 0u)]
    [InlineData(1u, 257u)]
    public void Nonsense_of_parts_is_an_error_that_is_said_once(uint number, uint count)
    {
        Lost(reader.Add(Key, Part("s", number, count, "a")));
        Assert.Null(reader.Add(Key, Part("s", number, count, "a")));
    }

    [Fact]
    public void Resources_that_are_not_understood_are_a_gap_and_a_warning()
    {
        var results = Found.Results("p", Key.DiscoveryId, Found.Container("a"));
        results.Resources.Add(Struct.Parser.ParseJson("""{"resource_type":"a\u0007toaster"}"""));
        results.Resources.Add(Struct.Parser.ParseJson("""{"resource_type":"docker_container","docker_container_details":{"names":"not a list"}}"""));
        results.Resources.Add(new Struct { Fields = { ["resource_type"] = new Value() } });
        var scan = reader.Add(Key, results)!;
        Assert.Single(scan.Resources);
        Assert.False(scan.IsComplete);
        Assert.Contains("a\uFFFDtoaster", scan.Warnings[0], StringComparison.Ordinal);
        Assert.DoesNotContain(scan.Warnings, static warning => warning.Contains('\a', StringComparison.Ordinal));
    }

    [Fact]
    public void What_runs_is_believed_when_the_discoverer_itself_is_among_it()
    {
        var results = Found.Results("p", Key.DiscoveryId);
        Assert.Empty(reader.Add(Key, results)!.DiscoveryIds);
        results.DiscoveryIds.Add("other");
        Assert.Empty(reader.Add(Key, results)!.DiscoveryIds);
        results.DiscoveryIds.Add(Key.DiscoveryId);
        Assert.Equal([Key.DiscoveryId, "other"], reader.Add(Key, results)!.DiscoveryIds.Order());
        results.DiscoveryIds.AddRange(Enumerable.Range(0, 5_000).Select(static i => $"d{i}"));
        Assert.Empty(reader.Add(Key, results)!.DiscoveryIds);
    }

    [Fact]
    public void Clock_that_is_far_off_is_not_believed()
    {
        var results = Found.Results("p", Key.DiscoveryId);
        results.Metadata.EndedAt = Timestamp.FromDateTimeOffset(Found.Noon.AddDays(400));
        results.Metadata.StartedAt = new Timestamp { Seconds = long.MaxValue };
        var scan = reader.Add(Key, results)!;
        Assert.Equal((Found.Noon, Found.Noon), (scan.StartedAt, scan.EndedAt));
    }

    [Fact]
    public void Unfinished_scans_are_bounded()
    {
        for (var i = 0; i < 1_000; i++)
        {
            Assert.Null(reader.Add(Key with { DiscoveryId = $"d{i}" }, Part("s", 1, 2, "a")));
        }

        Assert.NotNull(reader.Add(Key with { DiscoveryId = "d999" }, Part("s", 2, 2, "b")));
        Lost(reader.Add(Key with { DiscoveryId = "d1" }, Part("s", 2, 2, "b")));
    }

    private static void Lost(Scan? scan)
    {
        Assert.Contains("did not come whole", Assert.Single(scan!.Errors), StringComparison.Ordinal);
        Assert.False(scan.IsComplete);
        Assert.Empty(scan.Resources);
    }

    private static PluginDiscoveryResults Part(string scanId, uint number, uint count, string name)
    {
        var results = Found.Results("p", Key.DiscoveryId, Found.Container(name));
        results.Part = new DiscoveryPart { ScanId = scanId, Number = number, Count = count };
        return results;
    }
}
