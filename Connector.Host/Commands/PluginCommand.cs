using System.CommandLine;
using Connector.Actors.Reach;
using Connector.Host.Configuration;
using Connector.Host.Discovery;
using Connector.Plugins;
using Connector.Protocol.Plugins;

namespace Connector.Host.Commands;

internal static class PluginCommand
{
    public static Command Build(HostEnvironment environment)
    {
        var type = new Argument<string>("TYPE") { Description = string.Join(", ", PluginTypes.All) };
        var config = new Option<string>("--config") { Description = "the plugin's configuration, JSON as the API has it", HelpName = "FILE", Required = true };
        var json = new Option<bool>("--json") { Description = "resources, errors and warnings of each discoverer as JSON" };
        var run = new Command("run", "one scan, from here, printed; the control plane is not asked and hears nothing") { type, config, json };
        run.SetAction(async (parsed, stopping) =>
        {
            // No configuration of a connector is read, so there is no section reach.
            var plugins = new PluginEnvironment(environment.References, environment.Variable, environment.Home, environment.Time, ReachPolicy.Floor.Forbids);
            return (int)await new PluginRun(environment, plugins).RunAsync(
                parsed.GetRequiredValue(type), parsed.GetRequiredValue(config), parsed.GetValue(json), stopping);
        });
        return new Command("plugin", "discovery") { run };
    }
}
