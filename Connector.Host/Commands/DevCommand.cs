using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Dev;
using Connector.Host.Errors;

namespace Connector.Host.Commands;

internal static class DevCommand
{
    private const int MostReplicas = 9;

    public static Command Build(HostEnvironment environment, Roles roles)
    {
        var dataDirectory = SharedOptions.DataDirectory("~/.border0/dev");
        var https = SharedOptions.Port("--https-port", $"portal, API and control streams (default {ServerSettings.DefaultHttpsPort})");
        var http = SharedOptions.Port("--http-port", "portal and API without TLS, for a browser on this machine (default 8080)");
        var tunnel = SharedOptions.Port("--tunnel-port", $"tunnels of replicas (default {ServerSettings.DefaultTunnelPort})");
        var edgePorts = SharedOptions.EdgePorts();
        var readyFile = SharedOptions.ReadyFile();
        var health = SharedOptions.Health();
        var fresh = new Option<bool>("--fresh") { Description = "start over: delete what earlier runs kept in the data directory" };
        var replicas = new Option<int>("--replicas")
        {
            Description = $"number of replicas, 1 to {MostReplicas}; more than one are processes of their own that form a group (default 1)",
            HelpName = "N",
            DefaultValueFactory = _ => 1,
            CustomParser = result =>
            {
                if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 1 and <= MostReplicas)
                {
                    return number;
                }

                result.AddError($"--replicas expects a number from 1 to {MostReplicas}, not \"{result.Tokens[0].Value}\"");
                return 1;
            },
        };
        var expose = new Option<ImmutableArray<Exposure>>("--expose")
        {
            Description = "a service to make reachable; repeatable; tcp, http, https, ssh, postgres, mysql, vnc or rdp (default: a small built-in page)",
            HelpName = "name=tcp://host:port",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                var exposures = ImmutableArray.CreateBuilder<Exposure>();
                foreach (var token in result.Tokens)
                {
                    var (exposure, problem) = Exposure.Parse(token.Value);
                    if (exposure is null)
                    {
                        result.AddError($"--expose {problem}");
                    }
                    else if (exposures.Any(other => other.Name == exposure.Name))
                    {
                        result.AddError($"--expose names \"{exposure.Name}\" twice; each socket needs a name of its own");
                    }
                    else
                    {
                        exposures.Add(exposure);
                    }
                }

                return exposures.ToImmutable();
            },
        };
        var command = new Command("dev", "control plane, edge, portal and replicas on this machine, to try things out; reachable from loopback only")
        {
            expose, dataDirectory, fresh, https, http, tunnel, edgePorts, health, replicas, readyFile,
        };
        command.SetAction(async (parsed, stopping) =>
        {
            if (parsed.GetValue(replicas) > 1 && parsed.GetValue(health) is { } single)
            {
                throw new ConnectorError(
                    $"Cannot use --health {single}", $"it is one address, and --replicas {parsed.GetValue(replicas)} needs one for each",
                    "Leave --health out: the replicas take free ports, which the screen and the ready file name", ExitCode.Usage);
            }

            var flags = new ServerFlags(
                null, parsed.GetValue(dataDirectory), parsed.GetValue(https), parsed.GetValue(http), parsed.GetValue(tunnel), parsed.GetValue(edgePorts));
            var options = new DevOptions(flags, parsed.GetValue(expose), parsed.GetValue(fresh), parsed.GetValue(readyFile), parsed.GetValue(health), parsed.GetValue(replicas));
            return (int)await new DevRun(options, environment, roles, (url, token) => new DevApi(url, token)).RunAsync(stopping);
        });
        return command;
    }
}
