using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Discovery;
using Connector.Protocol.Ids;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.Discovery;

/// <summary>One scan, as the control plane is told.</summary>
internal static class ScanResult
{
    /// <summary>Of one message; far below what a peer accepts.</summary>
    public const int LargestPart = 512 * 1024;

    private const int MostNotes = 50;

    /// <param name="discovery">Null when it failed.</param>
    /// <param name="failure">For people; null when it did not fail.</param>
    public static ImmutableArray<ControlStreamRequest> Requests(
        PluginId pluginId, string discoveryId, string requestId, DateTimeOffset startedAt, DateTimeOffset endedAt, Plugins.Discovery? discovery, string? failure)
    {
        var parts = new List<PluginDiscoveryResults> { Empty() };
        var size = 0;
        foreach (var resource in discovery?.Resources ?? [])
        {
            var found = resource.ToStruct();
            var more = found.CalculateSize() + 6;
            if (size > 0 && size + more > LargestPart)
            {
                parts.Add(Empty());
                size = 0;
            }

            size += more;
            parts[^1].Resources.Add(found);
        }

        var last = parts[^1];
        last.Warnings.AddRange(Texts(discovery?.Warnings ?? []));
        last.Gaps.AddRange(Texts(discovery?.Gaps ?? []));
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
