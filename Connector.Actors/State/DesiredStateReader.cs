using System.Diagnostics.CodeAnalysis;
using System.Text;
using Connector.Actors.Sockets;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.Json;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.State;

/// <summary>Reads pushed items into definitions and says why when one cannot be used.</summary>
internal static class DesiredStateReader
{
    /// <summary>Of one item's configuration, as canonical JSON in UTF-8.</summary>
    public const int LargestConfig = 256 * 1024;

    private const int LongestId = 128;
    private const int LongestName = 256;
    private const int LongestType = 64;

    /// <param name="key">The id in lower case; also when the item is unusable, then empty if it has no usable id.</param>
    public delegate bool Reader<in TWire, TDefinition>(
        TWire item, out string key, [NotNullWhen(true)] out TDefinition? definition, out string reason);

    public static bool Read(SocketConfig item, out string key, [NotNullWhen(true)] out SocketDefinition? definition, out string reason)
    {
        definition = TryRead(item.Id, item.Name, item.Type, item.Config, out key, out var json, out reason)
            ? new SocketDefinition(new SocketId(key), item.Name, item.Type, json)
            : null;
        return definition is not null;
    }

    public static bool Read(PluginConfig item, out string key, [NotNullWhen(true)] out PluginDefinition? definition, out string reason)
    {
        definition = TryRead(item.Id, item.Name, item.Type, item.Config, out key, out var json, out reason)
            ? new PluginDefinition(new PluginId(key), item.Name, item.Type, json)
            : null;
        return definition is not null;
    }

    private static bool TryRead(string id, string name, string type, Struct? config, out string key, out string json, out string reason)
    {
        key = "";
        json = "";
        reason = "";
        if (string.IsNullOrWhiteSpace(id) || id.Length > LongestId)
            reason = $"its id is missing or longer than {LongestId} characters";
        else if (name.Length > LongestName || type.Length > LongestType)
            reason = $"its name is longer than {LongestName} or its type longer than {LongestType} characters";
        else if (config is null)
            reason = "its configuration is not an object";

        if (!string.IsNullOrWhiteSpace(id) && id.Length <= LongestId)
            key = id.ToLowerInvariant();
        if (reason.Length > 0)
            return false;

        try
        {
            // The wire size first: it bounds what the writer can make of it.
            if (config!.CalculateSize() <= LargestConfig)
                json = CanonicalJson.Write(config);
            if (json.Length == 0 || Encoding.UTF8.GetByteCount(json) > LargestConfig)
                reason = $"its configuration is larger than {LargestConfig / 1024} KiB";
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or ArgumentException)
        {
            // ArgumentException: text that is not valid Unicode. InvalidOperationException: nested deeper than a JSON writer goes.
            reason = $"its configuration cannot be written as JSON: {e.Message}";
        }

        return reason.Length == 0;
    }
}
