using System.Collections.Immutable;
using Connector.Protocol.Discovery;
using Connector.Server.Discovery;
using CsCheck;
using Xunit;

namespace Connector.Tests.Server.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class DiscoveryMergeTests
{
    private readonly Dictionary<string, KnownResource> known = [];
    private DateTimeOffset configuredAt = Found.Noon;

    [Fact]
    public void Resource_is_found_once_and_seen_again()
    {
        var first = Scanned(Found.Scan(0, Found.Container("a")));
        var second = Scanned(Found.Scan(1, Found.Container("a")));

        Assert.Equal(ResourceChangeKind.Found, Assert.Single(first.Changes).Kind);
        Assert.Empty(second.Changes);
        var kept = Assert.Single(known.Values);
        Assert.Equal((Found.Noon, Found.Noon.AddMinutes(1), Found.Noon), (kept.FirstSeen, kept.LastSeen, kept.ChangedAt));
    }

    [Fact]
    public void Change_names_what_changed_and_a_container_that_was_made_anew_is_the_same()
    {
        Scanned(Found.Scan(0, Found.Container("a")));
        var change = Assert.Single(Scanned(Found.Scan(1, Found.Container("a", image: "nginx:2", id: "other"))).Changes);

        Assert.Equal(ResourceChangeKind.Changed, change.Kind);
        Assert.Equal(["container_id", "image"], change.Keys);
        Assert.Equal(Found.Noon.AddMinutes(1), Assert.Single(known.Values).ChangedAt);
    }

    [Fact]
    public void Being_reachable_or_not_is_kept_but_is_no_change()
    {
        DiscoveredResource Rds(bool reachable) => new(ResourceTypes.AwsRdsInstance, new AwsRdsInstanceDetails { AwsArn = "arn:1", NetworkReachable = reachable });
        Scanned(Found.Scan(0, Rds(true)));
        Assert.Empty(Scanned(Found.Scan(1, Rds(false))).Changes);
        Assert.Contains("\"network_reachable\":false", Assert.Single(known.Values).Json, StringComparison.Ordinal);
    }

    [Fact]
    public void Resource_goes_after_three_complete_scans_without_it_and_a_failed_dial()
    {
        var (a, others) = (Found.Container("a"), Containers(3));
        Scanned(Found.Scan(0, [a, .. others]));
        Assert.Empty(Scanned(Found.Scan(1, others)).ToDial);
        Assert.Empty(Scanned(Found.Scan(2, others)).ToDial);
        var third = Scanned(Found.Scan(3, others));
        Assert.Equal(a.Identity, Assert.Single(third.ToDial).Identity);
        Assert.Empty(third.Gone);

        var dialed = Take(DiscoveryMerge.Dialed(known, new HashSet<string> { a.Identity! }));

        Assert.Equal(a.Identity, Assert.Single(dialed.Gone));
        Assert.Equal(ResourceChangeKind.Gone, Assert.Single(dialed.Changes).Kind);
        Assert.Equal(3, known.Count);
    }

    [Fact]
    public void Resource_that_answers_stays_and_is_dialled_again()
    {
        var (a, others) = (Found.Container("a"), Containers(3));
        Scanned(Found.Scan(0, [a, .. others]));
        for (var minute = 1; minute < 10; minute++)
        {
            var result = Scanned(Found.Scan(minute, others));
            Assert.Equal(minute >= DiscoveryMerge.MissesToGo, result.ToDial.Length == 1);
            Take(DiscoveryMerge.Dialed(known, new HashSet<string>()));
        }

        Assert.Equal(4, known.Count);
    }

    [Fact]
    public void Resource_that_comes_back_has_to_be_missed_anew()
    {
        var (a, others) = (Found.Container("a"), Containers(3));
        Scanned(Found.Scan(0, [a, .. others]));
        Scanned(Found.Scan(1, others));
        Scanned(Found.Scan(2, others));
        Scanned(Found.Scan(3, [a, .. others]));
        Scanned(Found.Scan(4, others));

        Assert.Empty(Scanned(Found.Scan(5, others)).ToDial);
    }

    [Fact]
    public void Scans_that_follow_each_other_at_once_are_one_miss()
    {
        var (a, others) = (Found.Container("a"), Containers(3));
        Scanned(Found.Scan(0, [a, .. others]));
        for (var second = 1; second <= 50; second++)
        {
            Assert.Empty(Scanned(Found.Scan(0, others) with { EndedAt = Found.Noon.AddSeconds(second) }).ToDial);
        }

        Assert.Equal(1, known[a.Identity!].Missed);
        Assert.Equal(0, Assert.Single(Scanned(Found.Scan(2, [a, .. others])).Put, resource => resource.Identity == a.Identity).Missed);
        Assert.Null(known[a.Identity!].MissedAt);
    }

    [Fact]
    public void What_was_not_seen_since_the_configuration_was_changed_goes_without_a_dial()
    {
        var (a, others) = (Found.Container("a"), Containers(3));
        Scanned(Found.Scan(0, [a, .. others]));
        configuredAt = Found.Noon.AddSeconds(1);
        Scanned(Found.Scan(1, others));
        Assert.Empty(Scanned(Found.Scan(2, others)).Gone);

        var third = Scanned(Found.Scan(3, others));

        Assert.Equal(a.Identity, Assert.Single(third.Gone));
        Assert.Empty(third.ToDial);
        Assert.Equal(ResourceChangeKind.Gone, Assert.Single(third.Changes).Kind);
        configuredAt = Found.Noon.AddSeconds(2);
        Scanned(Found.Scan(4, others));
        for (var minute = 5; minute < 8; minute++)
        {
            Assert.Empty(Scanned(Found.Scan(minute, others[0], others[1])).Gone);
        }

        Assert.Equal(others[2].Identity, Assert.Single(Scanned(Found.Scan(9, others[0], others[1])).ToDial).Identity);
    }

    [Fact]
    public void More_than_half_is_held_also_when_the_configuration_was_changed_and_what_a_person_keeps_needs_a_dial_again()
    {
        var all = Containers(4);
        Scanned(Found.Scan(0, all));
        configuredAt = Found.Noon.AddSeconds(1);
        for (var minute = 1; minute < 6; minute++)
        {
            var result = Scanned(Found.Scan(minute, all[0]));
            Assert.Equal((0, minute >= 3 ? 3 : 0), (result.Gone.Length, result.Held));
        }

        Take(DiscoveryMerge.Reviewed(known, remove: false, configuredAt));
        for (var minute = 6; minute < 10; minute++)
        {
            Assert.Empty(Scanned(Found.Scan(minute, all[0], all[1], all[2])).Gone);
        }

        Assert.Equal(4, known.Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Errors_and_gaps_never_remove_anything(bool error)
    {
        Scanned(Found.Scan(0, [.. Containers(4)]));
        for (var minute = 1; minute < 10; minute++)
        {
            var scan = Found.Scan(minute, Containers(1));
            var result = Scanned(error ? scan with { Errors = ["no"] } : scan with { Gaps = ["half of it"] });
            Assert.Empty(result.ToDial);
            Assert.Equal(0, result.Held);
        }

        Assert.Equal(4, known.Count);
        Assert.All(known.Values, static resource => Assert.Equal(0, resource.Missed));
    }

    [Fact]
    public void More_than_half_is_held_until_somebody_has_looked()
    {
        var all = Containers(4);
        Scanned(Found.Scan(0, all));
        MergeResult last = null!;
        for (var minute = 1; minute < 6; minute++)
        {
            last = Scanned(Found.Scan(minute, all[0]));
            Assert.Empty(last.ToDial);
        }

        Assert.Equal(3, last.Held);

        // Not in small pieces either.
        Assert.Empty(Take(DiscoveryMerge.Dialed(known, new HashSet<string> { all[1].Identity! })).Gone);
        Assert.Equal(4, known.Count);

        var kept = new Dictionary<string, KnownResource>(known);
        Take(DiscoveryMerge.Reviewed(known, remove: false, configuredAt));
        Assert.Equal(4, known.Count);
        Assert.All(known.Values, static resource => Assert.Equal(0, resource.Missed));

        Assert.Equal(3, DiscoveryMerge.Reviewed(kept, remove: true, configuredAt).Gone.Length);
    }

    [Fact]
    public void Empty_result_removes_nothing()
    {
        Scanned(Found.Scan(0, Containers(1)));
        for (var minute = 1; minute < 10; minute++)
        {
            Assert.Empty(Scanned(Found.Scan(minute)).ToDial);
        }

        Assert.Single(known);
    }

    [Fact]
    public void Same_identity_twice_counts_once_and_one_without_is_not_kept()
    {
        var nameless = new DiscoveredResource(ResourceTypes.AwsEc2Instance, new AwsEc2InstanceDetails { InstanceId = "i-1" });
        Scanned(Found.Scan(0, Found.Container("a"), Found.Container("a", image: "other"), nameless));
        Assert.Equal("nginx", Found.Detail(Assert.Single(known.Values).Json, "image"));
    }

    [Fact]
    public void Whatever_is_scanned_nothing_goes_that_was_seen_within_three_scans_and_never_most_at_once()
        => Gen.Int[0, int.MaxValue - 1].Sample(
            seed =>
            {
                // Samples run beside each other.
                var world = new DiscoveryMergeTests();
                var known = world.known;
                var random = new Random(seed);
                var all = Containers(8);
                var lastSeen = new Dictionary<string, int>();
                for (var minute = 0; minute < 40; minute++)
                {
                    var listed = all.Where(_ => random.Next(3) != 0).ToImmutableArray();
                    var scan = Found.Scan(minute, listed) with { Errors = random.Next(5) == 0 ? ["no"] : [] };
                    var before = known.Count;
                    var result = random.Next(4) == 0
                        ? world.Take(DiscoveryMerge.Dialed(known, all.Where(_ => random.Next(2) == 0).Select(static resource => resource.Identity!).ToHashSet()))
                        : world.Scanned(scan);
                    foreach (var resource in listed)
                    {
                        if (result.Put.Any(put => put.Identity == resource.Identity && put.Missed == 0))
                        {
                            lastSeen[resource.Identity!] = minute;
                        }
                    }

                    Assert.True(result.Gone.Length <= before / 2, $"{result.Gone.Length} of {before} went");
                    Assert.All(result.Gone, identity => Assert.True(minute - lastSeen[identity] >= DiscoveryMerge.MissesToGo, $"{identity} was seen {minute - lastSeen[identity]} scans ago"));
                }
            },
            iter: 500);

    private static ImmutableArray<DiscoveredResource> Containers(int count) => [.. Enumerable.Range(0, count).Select(static i => Found.Container($"c{i}"))];

    private MergeResult Scanned(Scan scan) => Take(DiscoveryMerge.Scanned(known, scan, configuredAt));

    private MergeResult Take(MergeResult result)
    {
        foreach (var resource in result.Put)
        {
            known[resource.Identity] = resource;
        }

        foreach (var identity in result.Gone)
        {
            Assert.True(known.Remove(identity));
        }

        return result;
    }
}
