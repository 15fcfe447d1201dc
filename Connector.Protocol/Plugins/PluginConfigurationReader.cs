using System.Text.Json;
using Connector.Protocol.Json;

namespace Connector.Protocol.Plugins;

/// <summary>
/// Reads a plugin's configuration, in which exactly the key of its type is present. Lenient, for connectors: keys of a newer control plane are ignored.
/// Strict, for the API and files: an unknown key is named, and what the configuration says must make sense.
/// </summary>
public static class PluginConfigurationReader
{
    public static ConfigurationReading<PluginConfiguration> Read(string type, string json, bool strict)
        => ConfigurationReader.Parse(json, root => Read(type, root, strict));

    public static ConfigurationReading<PluginConfiguration> Read(string type, JsonElement json, bool strict)
    {
        if (!PluginTypes.All.Contains(type))
        {
            return new(null, [$"plugin_type: {UnknownType(type)}"]);
        }

        var reading = ConfigurationReader.Decode<PluginConfiguration>(json, "", strict, static _ => []);
        if (reading.Value is not { } value)
        {
            return reading;
        }

        var key = PluginTypes.ConfigurationKey(type);
        var present = value.Present;
        return present switch
        {
            [] => new(null, [$"{key}: missing; a configuration of type {type} has this one key"]),
            [var (one, _)] when one != key => new(null, [$"{one}: does not belong to type {type}, whose key is {key}"]),
            { Length: > 1 } => new(null, [$"{string.Join(", ", present.Select(entry => entry.Key))}: only {key} may be present"]),
            [var (_, configuration)] => PluginRules.Problems(configuration, key, strict) is { Count: > 0 } problems ? new(null, [.. problems]) : reading,
        };
    }

    /// <summary>Says what was probably meant.</summary>
    public static string UnknownType(string type)
        => NearestName.Of(type, PluginTypes.All) is { } meant
            ? $"not a plugin type; {meant} was probably meant"
            : $"not a plugin type; the types are {string.Join(", ", PluginTypes.All)}";
}
