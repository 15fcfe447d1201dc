using System.Text.Json;

namespace Connector.Protocol.Json;

/// <summary>JSON into a configuration model, with problems in words for people.</summary>
internal static class ConfigurationReader
{
    private static readonly JsonDocumentOptions Bounded = new() { MaxDepth = 32 };

    public static ConfigurationReading<T> Parse<T>(string json, Func<JsonElement, ConfigurationReading<T>> read)
        where T : class
    {
        try
        {
            using var document = JsonDocument.Parse(json, Bounded);
            return read(document.RootElement);
        }
        catch (JsonException failure)
        {
            return new(null, [$"not valid JSON at line {failure.LineNumber + 1}, byte {failure.BytePositionInLine + 1}"]);
        }
    }

    /// <param name="path">Of <paramref name="json"/>, before which problems stand; empty for the whole.</param>
    /// <param name="strict">Unknown keys are problems, and <paramref name="rules"/> are asked.</param>
    public static ConfigurationReading<T> Decode<T>(JsonElement json, string path, bool strict, Func<T, IReadOnlyList<string>> rules)
        where T : class
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            return new(null, [$"{(path.Length == 0 ? "the configuration" : path)}: expected an object"]);
        }

        var problems = ModelShape.Problems(json, typeof(T), path, strict);
        if (problems.Count > 0)
        {
            return new(null, [.. problems]);
        }

        try
        {
            var value = json.Deserialize<T>(WireJson.Options)!;
            var broken = strict ? rules(value) : [];
            return broken.Count > 0 ? new(null, [.. broken]) : new(value, []);
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException)
        {
            // The serializer's own words may quote a value.
            var at = (failure as JsonException)?.Path?.TrimStart('$', '.');
            return new(null, [$"{string.Join('.', new[] { path, at }.Where(part => !string.IsNullOrEmpty(part)))}: a value that cannot be read"]);
        }
    }
}
