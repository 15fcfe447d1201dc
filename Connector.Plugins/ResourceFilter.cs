using System.Collections.Immutable;

namespace Connector.Plugins;

/// <summary>
/// Include and exclude entries over tags or labels: at least one tag must match an include entry and none may match an exclude entry. An entry without values
/// matches every value; without include entries everything is included.
/// </summary>
public sealed class ResourceFilter(
    ImmutableDictionary<string, ImmutableArray<string>>? include, ImmutableDictionary<string, ImmutableArray<string>>? exclude)
{
    public bool Passes(IReadOnlyDictionary<string, string> tags)
        => (include is not { Count: > 0 } || Matches(include, tags)) && (exclude is not { Count: > 0 } || !Matches(exclude, tags));

    private static bool Matches(ImmutableDictionary<string, ImmutableArray<string>> entries, IReadOnlyDictionary<string, string> tags)
        => entries.Any(entry => tags.TryGetValue(entry.Key, out var value) && (entry.Value.IsDefaultOrEmpty || entry.Value.Contains(value)));
}
