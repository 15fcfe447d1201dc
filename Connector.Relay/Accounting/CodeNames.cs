using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;

namespace Connector.Relay.Accounting;

/// <summary>How an enum's values are called in metrics and records: no_socket for NoSocket. Made once for each enum.</summary>
public static class CodeNames
{
    /// <summary>In the order of the values.</summary>
    public static ImmutableArray<string> All<T>()
        where T : struct, Enum
        => [.. Enum.GetNames<T>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    /// <param name="unknown">For a number that a newer peer may send: how many different names there are is not the peer's to choose.</param>
    public static string Of<T>(T value, string unknown = "unknown")
        where T : struct, Enum
        => Table<T>.Names.GetValueOrDefault(value, unknown);

    private static class Table<T>
        where T : struct, Enum
    {
        public static readonly FrozenDictionary<T, string> Names = Enum.GetValues<T>().Zip(All<T>()).ToFrozenDictionary(pair => pair.First, pair => pair.Second);
    }
}
