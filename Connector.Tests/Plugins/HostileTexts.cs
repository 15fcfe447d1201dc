using System.Text.Json.Nodes;
using Connector.Protocol.Discovery;

namespace Connector.Tests.Plugins;

/// <summary>What others may write into tags, labels, names and banners.</summary>
internal static class HostileTexts
{
    public const string Terminal = "\u001b[2J\u001b]0;owned\u0007";
    public const string Direction = "invoice\u202Efdp.exe";
    public const string Markup = "</script><script>alert(1)</script>'\"--";
    public const string Format = "%s%n{0}{Name}${jndi:ldap://x}";

    public static string Long { get; } = new('x', 100_000);

    /// <summary>All can be said in XML.</summary>
    public static IReadOnlyList<string> Printable { get; } = [Direction, Markup, Format, Long];

    /// <summary>All can be said in JSON.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Printable, Terminal, "nul\0byte", "line\r\nbreak\u2028"];

    /// <summary>Texts, keys included, that are longer or other than may be kept.</summary>
    public static IEnumerable<string> In(JsonNode? node) => node switch
    {
        JsonObject entries => entries.SelectMany(entry => In(entry.Key).Concat(In(entry.Value))),
        JsonArray list => list.SelectMany(In),
        JsonValue value when value.TryGetValue<string>(out var text) => In(text),
        _ => [],
    };

    public static IEnumerable<string> In(string text) => ResourceBounds.Text(text) == text ? [] : [text.Length > 60 ? text[..60] : text];
}
