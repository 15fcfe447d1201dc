using System.Text.Json.Nodes;

namespace Connector.Benchmarks.Trials.Cuts;

/// <summary>The sum of everything called <c>resumes</c> in an answer of the API, wherever it stands.</summary>
internal static class ResumeCount
{
    /// <summary>Null when there is no such number.</summary>
    public static long? Find(JsonNode? node) => node switch
    {
        JsonObject map => Sum(map.Select(pair => pair.Key == "resumes" && pair.Value is JsonValue value && value.TryGetValue<long>(out var count) ? count : Find(pair.Value))),
        JsonArray list => Sum(list.Select(Find)),
        _ => null,
    };

    private static long? Sum(IEnumerable<long?> found)
    {
        var counts = found.Where(count => count is not null).ToArray();
        return counts.Length == 0 ? null : counts.Sum();
    }
}
