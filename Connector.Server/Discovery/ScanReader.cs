using System.Collections.Immutable;
using System.Globalization;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Discovery;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Discovery;

/// <summary>Puts the parts of a scan together. One at a time for each discoverer: the next scan drops what was left of the last.</summary>
internal sealed class ScanReader(TimeProvider time)
{
    public const int LongestDiscoveryId = 256;

    // More than a connector of ours makes of one scan, which it cuts at 48 MiB with a gap.
    private const int MostParts = 256;
    private const int MostOpen = 64;
    private const int MostNotes = 50;
    private const int MostOpenBytes = 64 * 1024 * 1024;
    private const int MostDiscoveryIds = 4_096;
    private const int LongestScanId = 64;
    private const string NotWhole = "its result did not come whole, parts of it were lost or make no sense; the next scan brings it again";
    private const string TooLarge = "its result is too large, 64 MiB are the most that is taken of one scan; let the plugin discover less (filters, fewer targets)";

    // Oldest first.
    private readonly OrderedDictionary<DiscoveryKey, Parts> open = [];

    // The scan that was dropped last, so that its other parts do not say so again. Oldest first.
    private readonly OrderedDictionary<DiscoveryKey, string> dropped = [];
    private long openBytes;

    /// <summary>The whole scan when this was its last part. One that cannot be taken is a scan with that error, once.</summary>
    public Scan? Add(DiscoveryKey key, PluginDiscoveryResults results)
    {
        if (results.Part is not { } part)
        {
            Drop(key);
            return Read(key, [results]);
        }

        var scanId = part.ScanId.Length <= LongestScanId ? part.ScanId : part.ScanId[..LongestScanId];
        if (part is not { Count: >= 1 and <= MostParts, Number: >= 1 } || part.Number > part.Count)
        {
            return Refuse(key, scanId, NotWhole);
        }

        if (part.Number == 1)
        {
            Drop(key);
            if (open.Count >= MostOpen)
            {
                Drop(open.GetAt(0).Key);
            }

            open.Add(key, new Parts(scanId, (int)part.Count));
        }

        if (!open.TryGetValue(key, out var parts) || parts.ScanId != scanId || parts.Count != part.Count || part.Number != parts.Messages.Count + 1)
        {
            return Refuse(key, scanId, NotWhole);
        }

        var size = results.CalculateSize();
        parts.Messages.Add(results);
        parts.Bytes += size;
        openBytes += size;
        while (openBytes > MostOpenBytes && open.Count > 1)
        {
            // Most likely nobody finishes it any more.
            var oldest = open.GetAt(0).Key;
            Drop(oldest == key ? open.GetAt(1).Key : oldest);
        }

        if (openBytes > MostOpenBytes)
        {
            return Refuse(key, scanId, TooLarge);
        }

        if (parts.Messages.Count < parts.Count)
        {
            return null;
        }

        Drop(key);
        return Read(key, parts.Messages);
    }

    private Scan? Refuse(DiscoveryKey key, string scanId, string why)
    {
        Drop(key);
        if (dropped.TryGetValue(key, out var last) && last == scanId)
        {
            return null;
        }

        dropped.Remove(key);
        if (dropped.Count >= MostOpen)
        {
            dropped.RemoveAt(0);
        }

        dropped.Add(key, scanId);
        var now = time.GetUtcNow();
        return new Scan(now, now, [], [why], [], []);
    }

    private void Drop(DiscoveryKey key)
    {
        if (open.Remove(key, out var parts))
        {
            openBytes -= parts.Bytes;
        }
    }

    private Scan Read(DiscoveryKey key, IReadOnlyList<PluginDiscoveryResults> messages)
    {
        var resources = ImmutableArray.CreateBuilder<DiscoveredResource>();
        var gaps = new List<string>(messages.SelectMany(message => message.Gaps));
        var warnings = new List<string>(messages.SelectMany(message => message.Warnings));
        var (unreadable, beyond) = (0, 0);
        foreach (var found in messages.SelectMany(message => message.Resources))
        {
            if (resources.Count >= DiscoveryMerge.MostResources)
            {
                beyond++;
            }
            else if (DiscoveredResource.Read(found, out var problem) is { } resource)
            {
                resources.Add(resource);
            }
            else if (unreadable++ == 0)
            {
                warnings.Add($"a resource was not understood: {problem}");
            }
        }

        if (unreadable > 1)
        {
            warnings.Add(string.Create(CultureInfo.InvariantCulture, $"{unreadable} resources were not understood"));
        }

        // What is not kept must not look as if it had gone.
        if (beyond + unreadable > 0)
        {
            gaps.Add(string.Create(CultureInfo.InvariantCulture, $"{beyond + unreadable} resources could not be kept ({DiscoveryMerge.MostResources} of one discoverer are the most)"));
        }

        var metadata = messages[0].Metadata;
        var now = time.GetUtcNow();
        var ended = Time(messages[^1].Metadata?.EndedAt, now);
        return new Scan(Time(metadata?.StartedAt, ended), ended, resources.ToImmutable(), Texts(messages.SelectMany(message => message.Errors)), Texts(gaps), Texts(warnings))
        {
            DiscoveryIds = DiscoveryIds(key, messages),
        };
    }

    /// <summary>Empty unless it makes sense: what is not among them is forgotten.</summary>
    private static ImmutableArray<string> DiscoveryIds(DiscoveryKey key, IReadOnlyList<PluginDiscoveryResults> messages)
    {
        var told = messages.SelectMany(static message => message.DiscoveryIds).Take(MostDiscoveryIds + 1).ToHashSet(StringComparer.Ordinal);
        return told.Count <= MostDiscoveryIds && told.Contains(key.DiscoveryId) ? [.. told] : [];
    }

    private static ImmutableArray<string> Texts(IEnumerable<string> texts) => [.. texts.Take(MostNotes).Select(ResourceBounds.Text)];

    /// <summary>A clock that is far off must not make a resource look seen in the future.</summary>
    private static DateTimeOffset Time(Timestamp? told, DateTimeOffset now)
    {
        try
        {
            return told?.ToDateTimeOffset() is { } at && (at - now).Duration() < TimeSpan.FromHours(1) ? at : now;
        }
        catch (InvalidOperationException)
        {
            return now;
        }
    }

    private sealed class Parts(string scanId, int count)
    {
        public string ScanId => scanId;

        public int Count => count;

        public List<PluginDiscoveryResults> Messages { get; } = [];

        public long Bytes { get; set; }
    }
}
