using System.Collections.Immutable;
using System.Text.Json;

namespace Connector.Server.Api;

/// <summary>A JSON object of a request. Fields that nobody asks for are ignored: the reference's clients send many.</summary>
/// <param name="element">A JSON object.</param>
/// <param name="path">Names of the objects around it, each with a dot, for messages.</param>
internal readonly struct RequestFields(JsonElement element, string path)
{
    public JsonElement Element { get; } = element;

    public static string Describe(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        _ => "null",
    };

    public string PathOf(string name) => path + name;

    /// <summary>Null when the field is absent or null.</summary>
    public string? Text(string name, int maxLength = 4_096)
    {
        if (Get(name) is not { } value)
        {
            return null;
        }

        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Wrong(name, "text", value);
        return text.Length <= maxLength
            ? text
            : throw ApiError.Invalid($"{PathOf(name)}: {text.Length} characters are too many; at most {maxLength}");
    }

    /// <summary>As <see cref="Text(string, int)"/>; empty text counts as absent, for clients send every field they know.</summary>
    public string? FilledText(string name, int maxLength = 4_096) => Text(name, maxLength) is { Length: > 0 } text ? text : null;

    public bool? Flag(string name) => Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(name, "true or false", value),
    };

    public int? Integer(string name, int min, int max)
    {
        if (Get(name) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max
            ? number
            : throw ApiError.Invalid($"{PathOf(name)}: expected a whole number from {min} to {max}, got {Show(value)}");
    }

    public ImmutableArray<string>? TextList(string name, int maxCount)
    {
        if (Get(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, "a list of texts", value);
        }

        if (value.GetArrayLength() > maxCount)
        {
            throw ApiError.Invalid($"{PathOf(name)}: {value.GetArrayLength()} entries are too many; at most {maxCount}");
        }

        var list = ImmutableArray.CreateBuilder<string>(value.GetArrayLength());
        foreach (var item in value.EnumerateArray())
        {
            list.Add(item.ValueKind == JsonValueKind.String
                ? item.GetString()!
                : throw ApiError.Invalid($"{PathOf(name)}[{list.Count}]: expected text, got {Describe(item)}"));
        }

        return list.MoveToImmutable();
    }

    public RequestFields? Object(string name) => Get(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new RequestFields(value, PathOf(name) + "."),
        { } value => throw Wrong(name, "an object", value),
    };

    public JsonElement? Get(string name)
        => Element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string Show(JsonElement value)
        => value.GetRawText() is { Length: <= 40 } raw ? raw : Describe(value);

    private ApiError Wrong(string name, string expected, JsonElement value)
        => ApiError.Invalid($"{PathOf(name)}: expected {expected}, got {Describe(value)}");
}
