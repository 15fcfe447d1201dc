using System.Collections.Immutable;
using System.Globalization;
using Connector.Protocol.Json;
using YamlDotNet.RepresentationModel;

namespace Connector.Host.Configuration;

/// <summary>
/// One mapping of a configuration file, read key by key. What was not asked for by the end is unknown, and is named with its line and the
/// nearest key that exists.
/// </summary>
internal sealed class YamlSection(YamlMappingNode? node, string path, List<ConfigurationProblem> problems)
{
    private readonly List<string> known = [];

    public static YamlSection Empty(List<ConfigurationProblem> problems) => new(null, "", problems);

    public bool IsPresent => node is not null;

    /// <summary>Line of a key in the file, or of the section when the key is absent.</summary>
    public int LineOf(string key) => Find(key) is { } value ? Line(value) : node is null ? 0 : Line(node);

    public string? Text(string key) => Value(key, text => text, "a text");

    public bool? Flag(string key) => Value<bool?>(key, text => text switch
    {
        "true" => true,
        "false" => false,
        _ => null,
    }, "true or false");

    public int? Port(string key) => Value<int?>(
        key, text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is >= 0 and <= 65535 ? port : null,
        "a port between 0 and 65535");

    public TimeSpan? Duration(string key) => Value<TimeSpan?>(key, ConfigurationText.Duration, "a duration such as 500ms, 30s, 5m or 1h");

    public T? Value<T>(string key, Func<string, T?> read, string wanted)
    {
        known.Add(key);
        switch (Find(key))
        {
            case null:
                return default;
            case YamlScalarNode { Value: { Length: > 0 } text } when text is not ("~" or "null"):
                var value = read(text);
                if (value is null)
                {
                    // The value itself is not repeated: it may be a secret in the wrong place.
                    problems.Add(new(LineOf(key), $"{Join(key)}: expected {wanted}"));
                }

                return value;
            case YamlScalarNode:
                return default;
            case var other:
                problems.Add(new(Line(other), $"{Join(key)}: expected {wanted}, found {Name(other)}"));
                return default;
        }
    }

    public ImmutableArray<T> List<T>(string key, Func<string, T?> read, string wanted)
        where T : struct
    {
        known.Add(key);
        switch (Find(key))
        {
            case null or YamlScalarNode { Value: null or "" or "~" or "null" }:
                return [];
            case YamlSequenceNode sequence:
                var values = ImmutableArray.CreateBuilder<T>(sequence.Children.Count);
                foreach (var child in sequence.Children)
                {
                    if (child is YamlScalarNode { Value: { } text } && read(text) is { } value)
                    {
                        values.Add(value);
                    }
                    else
                    {
                        problems.Add(new(Line(child), $"{Join(key)}: expected {wanted}"));
                    }
                }

                return values.ToImmutable();
            case var other:
                problems.Add(new(Line(other), $"{Join(key)}: expected a list, found {Name(other)}"));
                return [];
        }
    }

    /// <summary>A list of texts; null when the key is absent or says nothing.</summary>
    public ImmutableArray<string>? Texts(string key)
    {
        known.Add(key);
        switch (Find(key))
        {
            case null or YamlScalarNode { Value: null or "" or "~" or "null" }:
                return null;
            case YamlSequenceNode sequence:
                foreach (var child in sequence.Children.Where(static child => child is not YamlScalarNode { Value.Length: > 0 }))
                {
                    problems.Add(new(Line(child), $"{Join(key)}: expected a text, found {(child is YamlScalarNode ? "nothing" : Name(child))}"));
                }

                return [.. sequence.Children.OfType<YamlScalarNode>().Select(static child => child.Value ?? "")];
            case var other:
                problems.Add(new(Line(other), $"{Join(key)}: expected a list, found {Name(other)}"));
                return null;
        }
    }

    public ImmutableDictionary<string, string> Map(string key)
    {
        known.Add(key);
        var map = ImmutableDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        switch (Find(key))
        {
            case null or YamlScalarNode { Value: null or "" or "~" or "null" }:
                break;
            case YamlMappingNode mapping:
                foreach (var (name, value) in mapping.Children)
                {
                    if (name is YamlScalarNode { Value: { } text } && value is YamlScalarNode { Value: { } content })
                    {
                        map[text] = content;
                    }
                    else
                    {
                        problems.Add(new(Line(value), $"{Join(key)}: expected names with texts"));
                    }
                }

                break;
            case var other:
                problems.Add(new(Line(other), $"{Join(key)}: expected names with texts, found {Name(other)}"));
                break;
        }

        return map.ToImmutable();
    }

    public YamlSection Section(string key)
    {
        known.Add(key);
        switch (Find(key))
        {
            case YamlMappingNode mapping:
                return new YamlSection(mapping, Join(key), problems);
            case null or YamlScalarNode { Value: null or "" or "~" or "null" }:
                return new YamlSection(null, Join(key), problems);
            case var other:
                problems.Add(new(Line(other), $"{Join(key)}: expected keys below it, found {Name(other)}"));
                return new YamlSection(null, Join(key), problems);
        }
    }

    /// <summary>To be called when every key was asked for.</summary>
    public void RefuseUnknownKeys()
    {
        foreach (var key in node?.Children.Keys ?? [])
        {
            var name = (key as YamlScalarNode)?.Value ?? "";
            if (!known.Contains(name))
            {
                var shown = name.Length <= 80 ? name : name[..80] + "...";
                var hint = NearestName.Of(name, known) is { } nearest ? $"did you mean \"{nearest}\"?" : $"known are {string.Join(", ", known)}";
                problems.Add(new(Line(key), $"{Join(shown)}: unknown key; {hint}"));
            }
        }
    }

    private static int Line(YamlNode of) => (int)of.Start.Line;

    private static string Name(YamlNode of) => of switch
    {
        YamlMappingNode => "keys below it",
        YamlSequenceNode => "a list",
        _ => "a text",
    };

    private YamlNode? Find(string key) => node is not null && node.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    private string Join(string key) => path.Length == 0 ? key : $"{path}.{key}";
}
