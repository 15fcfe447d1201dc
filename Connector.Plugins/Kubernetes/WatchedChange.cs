using System.Text.Json;

namespace Connector.Plugins.Kubernetes;

/// <summary>One line of a watch.</summary>
/// <param name="Kind">ADDED, MODIFIED, DELETED, BOOKMARK or ERROR.</param>
/// <param name="Name">Of the service, with its namespace.</param>
/// <param name="Version">From here a later watch may go on.</param>
/// <param name="ErrorCode">Of an ERROR, else 0.</param>
internal sealed record WatchedChange(string Kind, string Name, string? Version, int ErrorCode)
{
    /// <exception cref="JsonException">It is none.</exception>
    public static WatchedChange Parse(string line)
    {
        using var json = JsonDocument.Parse(line);
        if (Member(json.RootElement, "type") is not { ValueKind: JsonValueKind.String } kind || Member(json.RootElement, "object") is not { } about)
        {
            throw new JsonException("a line of the watch has no type or no object");
        }

        var metadata = Member(about, "metadata");
        var code = Member(about, "code") is { ValueKind: JsonValueKind.Number } number && number.TryGetInt32(out var value) ? value : 0;
        return new WatchedChange(kind.GetString()!, $"{Text(metadata, "namespace")}/{Text(metadata, "name")}", Text(metadata, "resourceVersion"), code);
    }

    private static string? Text(JsonElement? json, string name) => Member(json, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement? Member(JsonElement? json, string name)
        => json is { ValueKind: JsonValueKind.Object } element && element.TryGetProperty(name, out var member) ? member : null;
}
