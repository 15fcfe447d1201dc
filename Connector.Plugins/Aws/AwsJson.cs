using System.Collections.Immutable;
using System.Text.Json;

namespace Connector.Plugins.Aws;

/// <summary>Answers of the JSON services. What is absent or of another kind reads as null.</summary>
internal static class AwsJson
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 64 };

    /// <summary>An object; of no document, so that nothing has to be given back.</summary>
    /// <exception cref="JsonException">It is not JSON.</exception>
    /// <exception cref="MalformedAnswerException">It is no object.</exception>
    public static JsonElement Read(ReadOnlyMemory<byte> body)
    {
        using var json = JsonDocument.Parse(body, Options);
        return json.RootElement.ValueKind == JsonValueKind.Object ? json.RootElement.Clone() : throw new MalformedAnswerException("the answer is not a JSON object");
    }

    public static JsonElement? Child(JsonElement? parent, string name)
        => parent is { ValueKind: JsonValueKind.Object } json && json.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)
            ? value
            : null;

    public static string? Text(JsonElement? parent, string name) => Child(parent, name) is { ValueKind: JsonValueKind.String } text ? TextOf(text) : null;

    public static bool Flag(JsonElement? parent, string name) => Child(parent, name) is { ValueKind: JsonValueKind.True };

    public static IEnumerable<JsonElement> List(JsonElement? parent, string name)
        => Child(parent, name) is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray() : [];

    /// <exception cref="MalformedAnswerException">It is not there.</exception>
    public static ImmutableArray<string> Texts(JsonElement parent, string name)
        => Child(parent, name) is { ValueKind: JsonValueKind.Array } list
            ? [.. list.EnumerateArray().Where(static one => one.ValueKind == JsonValueKind.String).Select(TextOf).OfType<string>()]
            : throw new MalformedAnswerException($"the answer has no {name}");

    // Escaped halves of surrogate pairs are JSON and no text.
    public static string? TextOf(JsonElement text)
    {
        try
        {
            return text.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
