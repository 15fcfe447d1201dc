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

    public static ConfigurationReading<SocketConfiguration> Read(string json, bool strict)
        => ConfigurationReader.Parse(json, root => Read(root, strict));

    public static ConfigurationReading<SocketConfiguration> Read(JsonElement json, bool strict)
        => ConfigurationReader.Decode<SocketConfiguration>(json, "", strict, value => value.UpstreamConfiguration is { } upstream
            ? [.. UpstreamRules.Problems(upstream), .. OptionProblems(value)]
            : [$"{UpstreamKey}: missing"]);

    /// <summary>Reads the object <c>upstream_configuration</c> alone, as in the body of an API request. Paths begin with that name.</summary>
    public static ConfigurationReading<UpstreamConfiguration> ReadUpstream(string json, bool strict)
        => ConfigurationReader.Parse(json, root => ReadUpstream(root, strict));

    /// <inheritdoc cref="ReadUpstream(string, bool)"/>
    public static ConfigurationReading<UpstreamConfiguration> ReadUpstream(JsonElement json, bool strict)
        => ConfigurationReader.Decode<UpstreamConfiguration>(json, UpstreamKey, strict, UpstreamRules.Problems);

    private static IEnumerable<string> OptionProblems(SocketConfiguration configuration)
        => SocketOptionRules.UnknownProxyProtocol(configuration) is { } unknown
            ? [.. SocketOptionRules.Problems(configuration), unknown]
            : SocketOptionRules.Problems(configuration);
}
