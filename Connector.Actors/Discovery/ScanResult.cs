using System.Collections.Immutable;
using System.Text;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Discovery;
using Connector.Protocol.Ids;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.Discovery;

/// <summary>One scan, as the control plane is told.</summary>
internal static class ScanResult
{
    /// <summary>Bytes of the resources of one message; far below what a peer accepts. A resource that is larger is a gap.</summary>
    public const int LargestPart = 1024 * 1024;

    /// <summary>Bytes of the resources of one scan; below what the control plane takes (64 MiB, 256 parts). What is beyond is a gap.</summary>
    public const int LargestScan = 48 * LargestPart;

    private const int MostNotes = 50;

    // With a part they must still fit into one message.
    private const int LargestDiscoveryIds = 512 * 1024;

    /// <param name="running">Discovery ids of all discoverers that the plugin runs now.</param>
    /// <param name="discovery">Null when it failed.</param>
    /// <param name="failure">For people; null when it did not fail.</param>
    public static ImmutableArray<ControlStreamRequest> Requests(
        PluginId pluginId, string discoveryId, IEnumerable<string> running, string requestId, DateTimeOffset startedAt, DateTimeOffset endedAt, Plugins.Discovery? discovery,
        string? failure)
    {
        var parts = new List<PluginDiscoveryResults> { Empty() };
        var gaps = new List<string>();
        var (size, whole, looked, tooLarge) = (0, 0, 0, 0);
        foreach (var resource in discovery?.Resources ?? [])
        {
            var found = resource.ToStruct();
            var more = found.CalculateSize() + 6;
            if (more > LargestPart)
            {
                looked++;
                tooLarge++;
                continue;
            }

            if (whole + more > LargestScan)
            {
                gaps.Add(
                    $"only the first {looked} of {discovery!.Resources.Length} resources fit into what one scan may tell ({LargestScan >> 20} MiB); let the plugin discover less (filters, fewer targets)");
                break;
            }

            looked++;
            whole += more;
            if (size > 0 && size + more > LargestPart)
            {
                parts.Add(Empty());
                size = 0;
            }

            size += more;
            parts[^1].Resources.Add(found);
        }

        if (tooLarge > 0)
        {
            gaps.Add($"{tooLarge} {(tooLarge == 1 ? "resource is" : "resources are")} left out, of more than {LargestPart >> 20} MiB each");
        }

        var last = parts[^1];
        last.Warnings.AddRange(Texts(discovery?.Warnings ?? []));
        last.Gaps.AddRange(Texts([.. gaps, .. discovery?.Gaps ?? []]));
        var ids = running.Distinct(StringComparer.Ordinal).ToArray();
        last.DiscoveryIds.AddRange(ids.Sum(Encoding.UTF8.GetByteCount) <= LargestDiscoveryIds ? ids : []);
        if (failure is not null)
        {
            last.Errors.Add(ResourceBounds.Text(failure));
        }

        if (parts.Count > 1)
        {
            var scanId = Guid.NewGuid().ToString("N");
            for (var i = 0; i < parts.Count; i++)
            {
                parts[i].Part = new DiscoveryPart { ScanId = scanId, Number = (uint)i + 1, Count = (uint)parts.Count };
            }
        }

        return [.. parts.Select(static part => new ControlStreamRequest { PluginDiscoveryResults = part })];

        PluginDiscoveryResults Empty() => new()
        {
            PluginId = pluginId.Value,
            RequestId = requestId,
            Metadata = new PluginDiscoveryResultsMetadata
            {
                DiscoveryId = discoveryId, StartedAt = Timestamp.FromDateTimeOffset(startedAt), EndedAt = Timestamp.FromDateTimeOffset(endedAt),
            },
        };
    }

    private static IEnumerable<string> Texts(ImmutableArray<string> texts) => texts.Take(MostNotes).Select(ResourceBounds.Text);
}
