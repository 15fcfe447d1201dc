using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Discovery;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Discovery;

/// <summary>Discovered resources, what happened to them, and the last scan of each discoverer.</summary>
internal sealed class DiscoveryStore(ControlDatabase database, ConnectorLogs logs) : IDiscoveryStore
{
    /// <summary>Of one plugin; the oldest go.</summary>
    public const int ChangesKept = 20_000;

    private const string Source = "control-plane";

    // One record each up to here, a number of them beyond: a first scan may find thousands.
    private const int MostRecords = 50;
    private const int ShownKeys = 8;

    public Task<ScanTaken> TakeScanAsync(ConnectorId connectorId, SessionEpoch epoch, DiscoveryKey key, Scan scan, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"storing what plugin {key.PluginId} discovered",
            db =>
            {
                ControlStore.RequireEpoch(db, connectorId, epoch);
                if (Plugin(db, connectorId, key.PluginId) is not { } plugin)
                {
                    return new ScanTaken(false, []);
                }

                var dropped = Dropped(db, key, scan);
                CarryOver(db, key, scan, dropped);
                var result = Apply(db, key, scan.EndedAt, known => DiscoveryMerge.Scanned(known, scan, At(plugin.ConfiguredAt)));
                var held = Note(db, key, scan, result.Held, database.Now);
                var forgotten = Forget(db, key, scan, dropped, database.Now);
                logs.Append(
                    db, connectorId.Value,
                    [
                        .. Records(plugin, key.DiscoveryId, result.Changes, scan.EndedAt),
                        .. Records(plugin, "it is not discovered any more: the plugin's configuration has dropped where it was found", forgotten, scan.EndedAt),
                        .. Words(plugin, key, scan, held, result.Held),
                    ]);
                return new ScanTaken(true, result.ToDial);
            },
            cancellationToken);

    public Task TakeDialsAsync(ConnectorId connectorId, SessionEpoch epoch, DiscoveryKey key, IReadOnlySet<string> failed, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"storing which resources of plugin {key.PluginId} do not answer",
            db =>
            {
                ControlStore.RequireEpoch(db, connectorId, epoch);
                if (Plugin(db, connectorId, key.PluginId) is { } plugin)
                {
                    ApplyAndSay(db, connectorId, plugin, key, known => DiscoveryMerge.Dialed(known, failed));
                }
            },
            cancellationToken);

    /// <summary>A person decided about what is held. False: nothing is.</summary>
    public Task<bool> ReviewAsync(PluginId pluginId, string discoveryId, bool remove, CancellationToken cancellationToken)
        => database.WriteAsync(
            $"reviewing what plugin {pluginId} does not find any more",
            db =>
            {
                var scan = db.DiscoveryScans.FirstOrDefault(row => row.PluginId == pluginId.Value && row.DiscoveryId == discoveryId);
                if (scan is not { Held: > 0 } || db.Plugins.FirstOrDefault(row => row.Id == pluginId.Value) is not { } plugin)
                {
                    return false;
                }

                scan.Held = 0;
                ApplyAndSay(db, new ConnectorId(plugin.ConnectorId), plugin, new DiscoveryKey(pluginId, discoveryId), known => DiscoveryMerge.Reviewed(known, remove, At(plugin.ConfiguredAt)));
                return true;
            },
            cancellationToken);

    /// <summary>By name.</summary>
    public Task<Page<DiscoveredResourceRow>> ListAsync(ConnectorId connectorId, DiscoveredResourceFilter filter, PageRequest page, CancellationToken cancellationToken)
        => database.ReadAsync(
            "listing discovered resources",
            db =>
            {
                var resources = db.DiscoveredResources.Where(resource => db.Plugins.Any(plugin => plugin.Id == resource.PluginId && plugin.ConnectorId == connectorId.Value));
                resources = filter.PluginId is { } plugin ? resources.Where(resource => resource.PluginId == plugin) : resources;
                resources = filter.DiscoveryId is { } discovery ? resources.Where(resource => resource.DiscoveryId == discovery) : resources;
                resources = filter.Type is { } type ? resources.Where(resource => resource.Type == type) : resources;
                resources = filter.Missing is { } missing ? resources.Where(resource => resource.MissedScans > 0 == missing) : resources;
                if (filter.Search is { } search)
                {
                    var pattern = LikePattern.Containing(search);
                    resources = resources.Where(resource => EF.Functions.Like(resource.Name, pattern, LikePattern.Escape) || EF.Functions.Like(resource.Resource, pattern, LikePattern.Escape));
                }

                return page.Of(resources.OrderBy(resource => resource.Name).ThenBy(resource => resource.Id));
            },
            cancellationToken);

    public Task<DiscoveredResourceRow?> FindAsync(string id, CancellationToken cancellationToken)
        => database.ReadAsync("reading a discovered resource", db => db.DiscoveredResources.FirstOrDefault(resource => resource.Id == id), cancellationToken);

    /// <summary>Newest first.</summary>
    public Task<Page<DiscoveredChangeRow>> ChangesAsync(string resourceId, PageRequest page, CancellationToken cancellationToken)
        => database.ReadAsync(
            "reading the changes of a discovered resource",
            db => page.Of(db.DiscoveredChanges.Where(change => change.ResourceId == resourceId).OrderByDescending(change => change.Id)),
            cancellationToken);

    /// <summary>The last of each discoverer, by plugin.</summary>
    public Task<ILookup<string, DiscoveryScanRow>> ScansAsync(IReadOnlyCollection<string> pluginIds, CancellationToken cancellationToken)
        => database.ReadAsync(
            "reading the scans of plugins",
            db => db.DiscoveryScans.Where(scan => pluginIds.Contains(scan.PluginId)).OrderBy(scan => scan.DiscoveryId).ToLookup(static scan => scan.PluginId),
            cancellationToken);

    private static PluginRow? Plugin(ControlDbContext db, ConnectorId connectorId, PluginId pluginId)
        => db.Plugins.FirstOrDefault(plugin => plugin.Id == pluginId.Value && plugin.ConnectorId == connectorId.Value);

    private static Dictionary<string, DiscoveredResourceRow> Rows(ControlDbContext db, DiscoveryKey key)
        => db.DiscoveredResources.Where(row => row.PluginId == key.PluginId.Value && row.DiscoveryId == key.DiscoveryId)
            .ToDictionary(static row => row.Identity, StringComparer.Ordinal);

    private static KnownResource Read(DiscoveredResourceRow row)
        => new(row.Identity, row.Type, row.Name, row.Resource, At(row.FirstSeenAt), At(row.LastSeenAt), At(row.ChangedAt), row.MissedScans, row.DialFailed)
        {
            MissedAt = row.MissedAt is { } missed ? At(missed) : null, ConfiguredAt = At(row.ConfiguredAt),
        };

    private static MergeResult Apply(ControlDbContext db, DiscoveryKey key, DateTimeOffset now, Func<IReadOnlyDictionary<string, KnownResource>, MergeResult> decide)
    {
        var rows = Rows(db, key);
        var result = decide(rows.ToDictionary(static row => row.Key, static row => Read(row.Value), StringComparer.Ordinal));
        Keep(db, key, rows, result, now);
        return result;
    }

    private void ApplyAndSay(
        ControlDbContext db, ConnectorId connectorId, PluginRow plugin, DiscoveryKey key, Func<IReadOnlyDictionary<string, KnownResource>, MergeResult> decide)
    {
        var now = At(database.Now);
        logs.Append(db, connectorId.Value, Records(plugin, key.DiscoveryId, Apply(db, key, now, decide).Changes, now));
    }

    private static void Keep(ControlDbContext db, DiscoveryKey key, Dictionary<string, DiscoveredResourceRow> rows, MergeResult result, DateTimeOffset now)
    {
        foreach (var resource in result.Put)
        {
            if (!rows.TryGetValue(resource.Identity, out var row))
            {
                row = new DiscoveredResourceRow
                {
                    Id = Guid.NewGuid().ToString(), PluginId = key.PluginId.Value, DiscoveryId = key.DiscoveryId, Identity = resource.Identity, Type = resource.Type,
                    Name = resource.Name, Resource = resource.Json, FirstSeenAt = resource.FirstSeen.ToUnixTimeMilliseconds(),
                };
                rows.Add(resource.Identity, row);
                db.DiscoveredResources.Add(row);
            }

            (row.Name, row.Resource, row.LastSeenAt, row.ChangedAt) = (
                resource.Name, resource.Json, resource.LastSeen.ToUnixTimeMilliseconds(), resource.ChangedAt.ToUnixTimeMilliseconds());
            (row.MissedScans, row.DialFailed) = (resource.Missed, resource.DialFailed);
            (row.MissedAt, row.ConfiguredAt) = (resource.MissedAt?.ToUnixTimeMilliseconds(), resource.ConfiguredAt.ToUnixTimeMilliseconds());
        }

        foreach (var change in result.Changes)
        {
            Remember(db, rows[change.Resource.Identity], change, now);
        }

        db.DiscoveredResources.RemoveRange(result.Gone.Select(identity => rows[identity]));
        db.SaveChanges();
        if (!result.Changes.IsEmpty)
        {
            Trim(db, key.PluginId);
        }
    }

    private static void Remember(ControlDbContext db, DiscoveredResourceRow row, ResourceChange change, DateTimeOffset now)
        => db.DiscoveredChanges.Add(new DiscoveredChangeRow
        {
            PluginId = row.PluginId, ResourceId = row.Id, Identity = row.Identity, Name = change.Resource.Name, At = now.ToUnixTimeMilliseconds(), Kind = Word(change.Kind),
            Keys = string.Join(' ', change.Keys), Resource = change.Resource.Json,
        });

    /// <summary>What the plugin's configuration has dropped, as far as the connector says what runs.</summary>
    private static List<DiscoveredResourceRow> Dropped(ControlDbContext db, DiscoveryKey key, Scan scan)
    {
        var running = scan.DiscoveryIds.ToArray();
        return running.Length == 0 ? []
            : [.. db.DiscoveredResources.Where(row => row.PluginId == key.PluginId.Value && !running.Contains(row.DiscoveryId))];
    }

    private static void CarryOver(ControlDbContext db, DiscoveryKey key, Scan scan, List<DiscoveredResourceRow> dropped)
    {
        if (dropped.Count == 0)
        {
            return;
        }

        var carried = DroppedDiscoveries.CarriedOver(
            dropped.Select(static row => new DroppedDiscoveries.Dropped(row.Id, row.Identity, At(row.FirstSeenAt))), Rows(db, key).Keys,
            scan.Resources.Select(static resource => resource.Identity).OfType<string>().ToHashSet(StringComparer.Ordinal));
        foreach (var row in dropped.Where(row => carried.Contains(row.Id)))
        {
            row.DiscoveryId = key.DiscoveryId;
        }

        dropped.RemoveAll(row => carried.Contains(row.Id));
        db.SaveChanges();
    }

    private static ImmutableArray<ResourceChange> Forget(ControlDbContext db, DiscoveryKey key, Scan scan, List<DiscoveredResourceRow> dropped, long now)
    {
        if (scan.DiscoveryIds.IsEmpty)
        {
            return [];
        }

        var running = scan.DiscoveryIds.ToHashSet(StringComparer.Ordinal);
        var scans = db.DiscoveryScans.Where(row => row.PluginId == key.PluginId.Value).ToList();
        var known = scans.ToDictionary(
            static row => row.DiscoveryId, static row => new DroppedDiscoveries.Told(row is { CompletedAt: not null, Gaps: "[]" }, At(row.FirstAt)), StringComparer.Ordinal);
        if (!DroppedDiscoveries.MayGo(running, known, At(now)))
        {
            return [];
        }

        var gone = dropped.Select(static row => new ResourceChange(ResourceChangeKind.Gone, Read(row), [])).ToImmutableArray();
        for (var i = 0; i < gone.Length; i++)
        {
            Remember(db, dropped[i], gone[i], scan.EndedAt);
        }

        db.DiscoveredResources.RemoveRange(dropped);
        db.DiscoveryScans.RemoveRange(scans.Where(row => !running.Contains(row.DiscoveryId)));
        db.SaveChanges();
        if (!gone.IsEmpty)
        {
            Trim(db, key.PluginId);
        }

        return gone;
    }

    private static void Trim(ControlDbContext db, PluginId pluginId)
    {
        var changes = db.DiscoveredChanges.Where(change => change.PluginId == pluginId.Value);
        var lastToGo = changes.OrderByDescending(change => change.Id).Select(change => change.Id).Skip(ChangesKept).FirstOrDefault();
        if (lastToGo > 0)
        {
            changes.Where(change => change.Id <= lastToGo).ExecuteDelete();
        }
    }

    /// <returns>What was held before.</returns>
    private static (int Held, string Errors) Note(ControlDbContext db, DiscoveryKey key, Scan scan, int held, long now)
    {
        var row = db.DiscoveryScans.FirstOrDefault(known => known.PluginId == key.PluginId.Value && known.DiscoveryId == key.DiscoveryId);
        if (row is null)
        {
            row = new DiscoveryScanRow { PluginId = key.PluginId.Value, DiscoveryId = key.DiscoveryId, Errors = "[]", Gaps = "[]", Warnings = "[]", FirstAt = now };
            db.DiscoveryScans.Add(row);
        }

        var before = (row.Held, row.Errors);
        (row.StartedAt, row.EndedAt, row.Found, row.Held) = (scan.StartedAt.ToUnixTimeMilliseconds(), scan.EndedAt.ToUnixTimeMilliseconds(), scan.Resources.Length, held);
        row.CompletedAt = scan.Errors.IsEmpty ? row.EndedAt : row.CompletedAt;
        (row.Errors, row.Gaps, row.Warnings) = (Json(scan.Errors), Json(scan.Gaps), Json(scan.Warnings));
        db.SaveChanges();
        return before;
    }

    /// <param name="where">Or why.</param>
    private static IReadOnlyList<LogRecord> Records(PluginRow plugin, string where, ImmutableArray<ResourceChange> changes, DateTimeOffset now)
    {
        var records = changes.Take(MostRecords).Select(change => Record(
            plugin, now, "info", $"{Word(change.Kind)}: {change.Resource.Identity} \"{change.Resource.Name}\" ({where}){Keys(change.Keys)}")).ToList();
        if (changes.Length > MostRecords)
        {
            records.Add(Record(plugin, now, "info", $"{changes.Length - MostRecords} more resources were found, changed or gone ({where})"));
        }

        return records;
    }

    /// <summary>What a person should know of the scan, when it is news.</summary>
    private static IEnumerable<LogRecord> Words(PluginRow plugin, DiscoveryKey key, Scan scan, (int Held, string Errors) before, int held)
    {
        if (Json(scan.Errors) != before.Errors)
        {
            yield return scan.Errors.IsEmpty
                ? Record(plugin, scan.EndedAt, "info", $"{key.DiscoveryId} can be read again")
                : Record(plugin, scan.EndedAt, "error", $"{key.DiscoveryId} could not be read: {string.Join("; ", scan.Errors)}; what was found before stays");
        }

        if (held > 0 && before.Held == 0)
        {
            yield return Record(
                plugin, scan.EndedAt, "warn",
                $"{key.DiscoveryId}: {held} resources were not found in {DiscoveryMerge.MissesToGo} scans, more than half of what is known; they stay until somebody has looked at it "
                + "(POST /connector/plugins/{plugin_id}/review)");
        }
    }

    private static LogRecord Record(PluginRow plugin, DateTimeOffset now, string severity, string text)
        => new(now, severity, $"plugin {plugin.Name}: {ResourceBounds.Text(text)}", null, new PluginId(plugin.Id), Source);

    private static string Keys(ImmutableArray<string> keys)
        => keys.IsEmpty ? "" : $": {string.Join(", ", keys.Take(ShownKeys))}{(keys.Length > ShownKeys ? ", ..." : "")}";

    private static string Word(ResourceChangeKind kind) => kind switch
    {
        ResourceChangeKind.Found => "found",
        ResourceChangeKind.Changed => "changed",
        _ => "gone",
    };

    private static string Json(ImmutableArray<string> texts) => JsonSerializer.Serialize(texts);

    private static DateTimeOffset At(long unixMilliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(unixMilliseconds);
}
