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

    private const int MostParts = 256;
    private const int MostOpen = 64;
    private const int MostNotes = 50;
    private const int MostOpenBytes = 64 * 1024 * 1024;

    // Oldest first.
    private readonly OrderedDictionary<DiscoveryKey, Parts> open = [];
    private long openBytes;

    /// <summary>The whole scan when this was its last part. Null also for a part that does not belong: its scan comes again.</summary>
    public Scan? Add(DiscoveryKey key, PluginDiscoveryResults results)
    {
        if (results.Part is not { } part)
        {
            Drop(key);
            return Read([results]);
        }

        if (part is not { Count: >= 1 and <= MostParts, Number: >= 1 } || part.Number > part.Count)
        {
            Drop(key);
            return null;
        }

        if (part.Number == 1)
        {
            Drop(key);
            if (open.Count >= MostOpen)
            {
                Drop(open.GetAt(0).Key);
            }

            open.Add(key, new Parts(part.ScanId, (int)part.Count));
        }

        if (!open.TryGetValue(key, out var parts) || parts.ScanId != part.ScanId || parts.Count != part.Count || part.Number != parts.Messages.Count + 1)
        {
            Drop(key);
            return null;
        }

        var size = results.CalculateSize();
        parts.Messages.Add(results);
        parts.Bytes += size;
        openBytes += size;
        if (openBytes > MostOpenBytes)
        {
            Drop(key);
            return null;
        }

        if (parts.Messages.Count < parts.Count)
        {
            return null;
        }

        Drop(key);
        return Read(parts.Messages);
    }

    private void Drop(DiscoveryKey key)
    {
        if (open.Remove(key, out var parts))
        {
            openBytes -= parts.Bytes;
        }
    }

    private Scan Read(IReadOnlyList<PluginDiscoveryResults> messages)
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
        return new Scan(Time(metadata?.StartedAt, ended), ended, resources.ToImmutable(), Texts(messages.SelectMany(message => message.Errors)), Texts(gaps), Texts(warnings));
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
