using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Connector.Protocol.Discovery;

/// <summary>
/// What others wrote into tags, labels, names and banners is theirs: it is cut to these bounds, and nothing in it may steer a terminal, a log or a page.
/// </summary>
public static class ResourceBounds
{
    /// <summary>UTF-16 units of one text.</summary>
    public const int LongestText = 1_024;

    /// <summary>Entries of one object or list.</summary>
    public const int MostEntries = 200;

    private const int Deepest = 8;
    private const char Replacement = '\uFFFD';

    /// <summary>Without control and direction characters and halves of surrogate pairs; what is longer ends in an ellipsis.</summary>
    public static string Text(string text)
    {
        if (text.Length <= LongestText && text.All(static c => !char.IsSurrogate(c) && IsHarmless(c)))
        {
            return text;
        }

        var clean = new StringBuilder();
        foreach (var rune in text.EnumerateRunes())
        {
            if (clean.Length + rune.Utf16SequenceLength >= LongestText)
            {
                clean.Append('…');
                break;
            }

            clean.Append(rune.IsBmp && !IsHarmless((char)rune.Value) ? Replacement.ToString() : rune.ToString());
        }

        return clean.ToString();
    }

    internal static JsonNode? Within(JsonNode? node) => Within(node, 0);

    private static JsonNode? Within(JsonNode? node, int depth) => node switch
    {
        _ when depth > Deepest => null,
        JsonObject entries => Within(entries, depth),
        JsonArray list => new JsonArray([.. list.Take(MostEntries).Select(entry => Within(entry, depth + 1))]),
        JsonValue value when value.GetValueKind() == JsonValueKind.String => Text(value.GetValue<string>()),
        _ => node?.DeepClone(),
    };

    private static JsonObject Within(JsonObject entries, int depth)
    {
        var within = new JsonObject();
        foreach (var (key, value) in entries.Take(MostEntries))
        {
            within[Text(key)] = Within(value, depth + 1);
        }

        return within;
    }

    private static bool IsHarmless(char c)
        => !char.IsControl(c) && c is not (>= '\u200E' and <= '\u200F' or >= '\u2028' and <= '\u202E' or >= '\u2066' and <= '\u2069' or '\uFEFF');
}
