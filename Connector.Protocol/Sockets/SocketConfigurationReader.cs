using System.Text.Json;
using Connector.Protocol.Json;

namespace Connector.Protocol.Sockets;

/// <summary>
/// Reads a socket's configuration. Lenient, for connectors: keys of a newer control plane are ignored. Strict, for the API and files: an unknown key is
/// named, and what the configuration says must make sense.
/// </summary>
public static class SocketConfigurationReader
{
    public const string UpstreamKey = "upstream_configuration";

    private static readonly JsonDocumentOptions Bounded = new() { MaxDepth = 32 };

    public static SocketConfigurationReading<SocketConfiguration> Read(string json, bool strict)
        => Parse(json, root => Read(root, strict));

    public static SocketConfigurationReading<SocketConfiguration> Read(JsonElement json, bool strict)
        => Decode<SocketConfiguration>(json, "", strict, value => value.UpstreamConfiguration is { } upstream
            ? [.. UpstreamRules.Problems(upstream), .. OptionProblems(value)]
            : [$"{UpstreamKey}: missing"]);

    /// <summary>Reads the object <c>upstream_configuration</c> alone, as in the body of an API request. Paths begin with that name.</summary>
    public static SocketConfigurationReading<UpstreamConfiguration> ReadUpstream(string json, bool strict)
        => Parse(json, root => ReadUpstream(root, strict));

    /// <inheritdoc cref="ReadUpstream(string, bool)"/>
    public static SocketConfigurationReading<UpstreamConfiguration> ReadUpstream(JsonElement json, bool strict)
        => Decode<UpstreamConfiguration>(json, UpstreamKey, strict, UpstreamRules.Problems);

    private static IEnumerable<string> OptionProblems(SocketConfiguration configuration)
        => SocketOptionRules.UnknownProxyProtocol(configuration) is { } unknown
            ? [.. SocketOptionRules.Problems(configuration), unknown]
            : SocketOptionRules.Problems(configuration);

    private static SocketConfigurationReading<T> Parse<T>(string json, Func<JsonElement, SocketConfigurationReading<T>> read)
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

    private static SocketConfigurationReading<T> Decode<T>(JsonElement json, string path, bool strict, Func<T, IReadOnlyList<string>> rules)
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
