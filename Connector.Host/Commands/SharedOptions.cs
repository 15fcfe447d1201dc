using System.CommandLine;
using System.Globalization;
using System.Net;
using Connector.Host.Configuration;
using Connector.Server.Edge;

namespace Connector.Host.Commands;

/// <summary>Options that several commands have. Each call makes a new one: an option belongs to one command.</summary>
internal static class SharedOptions
{
    public static Option<string?> DataDirectory(string usual) => new("--data-dir")
    {
        Description = $"where the server keeps its CA, keys and stores (default {usual})",
        HelpName = "DIR",
    };

    public static Option<string?> ReadyFile() => new("--ready-file")
    {
        Description = "written, as JSON, once everything accepts connections",
        HelpName = "FILE",
    };

    public static Option<string?> Config(string usual) => new("--config", "-f") { Description = $"configuration, YAML ({usual})", HelpName = "FILE" };

    public static Option<int?> Port(string name, string what) => new(name)
    {
        Description = what,
        HelpName = "PORT",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= 65535)
            {
                return port;
            }

            result.AddError($"{name} expects a port between 0 and 65535, not \"{result.Tokens[0].Value}\"");
            return null;
        },
    };

    public static Option<PortRange?> EdgePorts() => new("--edge-ports")
    {
        Description = $"ports for the sockets' listeners (default {ServerSettings.DefaultEdgePorts})",
        HelpName = "A-B",
        CustomParser = result =>
        {
            if (ConfigurationText.Ports(result.Tokens[0].Value) is { } range)
            {
                return range;
            }

            result.AddError($"--edge-ports expects two ports such as 20000-20099, not \"{result.Tokens[0].Value}\"");
            return null;
        },
    };

    public static Option<IPEndPoint?> Health()
        => Health($"address of the replica's health endpoint (default {ConnectorSettingsLoader.DefaultHealth})", ConnectorSettingsLoader.DefaultHealth);

    public static Option<IPEndPoint?> Health(string description, string example) => new("--health")
    {
        Description = description,
        HelpName = "ADDR",
        CustomParser = result =>
        {
            if (ConfigurationText.EndPoint(result.Tokens[0].Value) is { } address)
            {
                return address;
            }

            result.AddError($"--health expects an address such as {example}, not \"{result.Tokens[0].Value}\"");
            return null;
        },
    };
}
