using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Discovery;
using Connector.Protocol.Json;

namespace Connector.Server.Discovery;

/// <summary>
/// What becomes of the resources of one discoverer after a scan. A resource goes only after <see cref="MissesToGo"/> misses and a failed dial, or without the
/// dial when the plugin's configuration was changed since it was seen; when that would be more than half of what is known, nothing goes until a person has
/// looked. Pure.
/// </summary>
internal static class DiscoveryMerge
{
    public const int MissesToGo = 3;

    /// <summary>Of one discoverer.</summary>
    public const int MostResources = 50_000;

    /// <summary>Details that say how the thing is doing, not what it is.</summary>
    private const string ReachableSuffix = "_reachable";

    /// <param name="configuredAt">When the plugin's configuration was changed last.</param>
    public static MergeResult Scanned(IReadOnlyDictionary<string, KnownResource> known, Scan scan, DateTimeOffset configuredAt)
    {
        var now = scan.EndedAt;
        var put = ImmutableArray.CreateBuilder<KnownResource>();
        var changes = ImmutableArray.CreateBuilder<ResourceChange>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var resource in scan.Resources)
        {
            if (resource.Identity is not { } identity || !seen.Add(identity))
            {
                continue;
            }

            var json = CanonicalJson.Write(JsonSerializer.SerializeToElement(resource.ToJson()));
            if (!known.TryGetValue(identity, out var before))
            {
                var found = new KnownResource(identity, resource.Type, resource.Name, json, now, now, now, 0, false) { ConfiguredAt = configuredAt };
                put.Add(found);
                changes.Add(new ResourceChange(ResourceChangeKind.Found, found, []));
                continue;
            }

            var keys = ChangedKeys(before.Json, json, resource.Type);
            var after = before with
            {
                Name = resource.Name, Json = json, LastSeen = now, ChangedAt = keys.IsEmpty ? before.ChangedAt : now, Missed = 0, DialFailed = false,
                MissedAt = null, ConfiguredAt = configuredAt,
            };
            put.Add(after);
            if (!keys.IsEmpty)
            {
                changes.Add(new ResourceChange(ResourceChangeKind.Changed, after, keys));
            }
        }

        if (!scan.IsComplete)
        {
            var waiting = Overdue(known.Values.Where(resource => !seen.Contains(resource.Identity))).Length;
            return new MergeResult(put.ToImmutable(), [], changes.ToImmutable(), [], IsHeld(waiting, known.Count) ? waiting : 0);
        }

        var missing = known.Values.Where(resource => !seen.Contains(resource.Identity)).Select(resource => MissCount.Missed(resource, now)).ToImmutableArray();

        // What it was left out for may be the new configuration, and then it may well go on answering.
        var result = Leave(known.Count, missing, Overdue(missing).Length, resource => resource.DialFailed || resource.ConfiguredAt != configuredAt);
        return result with { Put = [.. put, .. result.Put], Changes = [.. changes, .. result.Changes] };
    }

    /// <summary>Resources that were to be dialled have been.</summary>
    /// <param name="failed">Identities of those where nobody accepted.</param>
    public static MergeResult Dialed(IReadOnlyDictionary<string, KnownResource> known, IReadOnlySet<string> failed)
    {
        var overdue = Overdue(known.Values);
        return Leave(
            known.Count, [.. overdue.Where(resource => failed.Contains(resource.Identity)).Select(static resource => resource with { DialFailed = true })], overdue.Length,
            static resource => resource.DialFailed);
    }

    /// <summary>A person has looked at what is held.</summary>
    /// <param name="remove">Else they are taken for seen.</param>
    /// <param name="configuredAt">When the plugin's configuration was changed last.</param>
    public static MergeResult Reviewed(IReadOnlyDictionary<string, KnownResource> known, bool remove, DateTimeOffset configuredAt)
    {
        var overdue = Overdue(known.Values);
        return remove
            ? new MergeResult([], [.. overdue.Select(static resource => resource.Identity)], [.. overdue.Select(Gone)], [], 0)
            : new MergeResult([.. overdue.Select(resource => resource with { Missed = 0, DialFailed = false, MissedAt = null, ConfiguredAt = configuredAt })], [], [], [], 0);
    }

    public static bool IsHeld(int overdue, int known) => overdue > known / 2;

    /// <param name="missing">All that the scan misses, or those that were dialled; with what is now known of them.</param>
    /// <param name="waiting">All that could go.</param>
    /// <param name="mayGo">Whether one that was missed so often needs no dial (any more).</param>
    private static MergeResult Leave(int known, ImmutableArray<KnownResource> missing, int waiting, Func<KnownResource, bool> mayGo)
    {
        if (IsHeld(waiting, known))
        {
            return new MergeResult(missing, [], [], [], waiting);
        }

        var overdue = Overdue(missing);
        var gone = overdue.RemoveAll(resource => !mayGo(resource));
        return new MergeResult(
            missing.RemoveRange(gone), [.. gone.Select(static resource => resource.Identity)], [.. gone.Select(Gone)],
            overdue.RemoveAll(resource => mayGo(resource)), 0);
    }

    private static ImmutableArray<KnownResource> Overdue(IEnumerable<KnownResource> resources) => [.. resources.Where(static resource => resource.Missed >= MissesToGo)];

    private static ResourceChange Gone(KnownResource resource) => new(ResourceChangeKind.Gone, resource, []);

    private static ImmutableArray<string> ChangedKeys(string before, string after, string type)
    {
        if (before == after)
        {
            return [];
        }

        using var old = JsonDocument.Parse(before);
        using var now = JsonDocument.Parse(after);
        var key = ResourceTypes.DetailsKey(type);
        if (!old.RootElement.TryGetProperty(key, out var from) || !now.RootElement.TryGetProperty(key, out var to))
        {
            return [key];
        }

        return
        [
            .. from.EnumerateObject().Concat(to.EnumerateObject()).Select(static property => property.Name).Distinct(StringComparer.Ordinal)
                .Where(name => !name.EndsWith(ReachableSuffix, StringComparison.Ordinal) && Raw(from, name) != Raw(to, name)).Order(StringComparer.Ordinal),
        ];

        static string? Raw(JsonElement details, string name) => details.TryGetProperty(name, out var value) ? value.GetRawText() : null;
    }
}
