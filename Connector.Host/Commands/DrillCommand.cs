using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using System.Net;
using Connector.Host.Configuration;
using Connector.Host.Drill;
using Connector.Host.Errors;

namespace Connector.Host.Commands;

internal static class DrillCommand
{
    private const int MostPerSecond = 2_000;
    private const int MostStreams = 10_000;
    private const int MostRestarts = 1_000;

    public static Command Build(HostEnvironment environment)
    {
        var readyFile = new Option<string?>("--ready-file") { Description = "names the group: as written by connector dev --replicas N --ready-file FILE", HelpName = "FILE" };
        var health = new Option<ImmutableArray<IPEndPoint>>("--health")
        {
            Description = $"health address of a replica on this machine, without a ready file; repeatable. {EnvironmentNames.ApiUrl} and {EnvironmentNames.AdminToken} then name the control plane",
            HelpName = "ADDR",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
            CustomParser = result =>
            {
                var addresses = ImmutableArray.CreateBuilder<IPEndPoint>();
                foreach (var token in result.Tokens)
                {
                    if (ConfigurationText.EndPoint(token.Value) is { } address)
                    {
                        addresses.Add(address);
                    }
                    else
                    {
                        result.AddError($"--health expects an address such as 127.0.0.1:9480, not \"{token.Value}\"");
                    }
                }

                return addresses.ToImmutable();
            },
        };
        var sockets = new Option<ImmutableArray<string>>("--socket")
        {
            Description = "put the load on this socket only; repeatable (default: all that are served)",
            HelpName = "NAME",
            Arity = ArgumentArity.OneOrMore,
            AllowMultipleArgumentsPerToken = false,
            DefaultValueFactory = _ => [],
            CustomParser = static result => [.. result.Tokens.Select(static token => token.Value)],
        };
        var rate = Number("--rate", "new connections a second", 200, 1, MostPerSecond);
        var streams = Number("--streams", "long streams", 100, 0, MostStreams);
        var events = new Option<ImmutableArray<DrillEvent>>("--events")
        {
            Description = $"what is done, in this order: {DrillPlan.Names} (default {string.Join(',', DrillPlan.Usual.Select(DrillPlan.NameOf))})",
            HelpName = "LIST",
            DefaultValueFactory = _ => DrillPlan.Usual,
            CustomParser = static result =>
            {
                if (DrillPlan.Parse(result.Tokens[0].Value) is { } known)
                {
                    return known;
                }

                result.AddError($"--events expects some of {DrillPlan.Names}, not \"{result.Tokens[0].Value}\"");
                return [];
            },
        };
        var restarts = Number("--restarts", "kills and drains by chance, when restarts are among the events", 50, 1, MostRestarts);
        var freezeFor = Duration("--freeze-for", "how long a replica stays frozen", TimeSpan.FromSeconds(10));
        var settle = Duration("--settle", "how long the group may take to be whole again after each step", TimeSpan.FromSeconds(60));
        var echo = new Option<bool>("--echo") { Description = "what is behind sockets that are not HTTP sends back what it gets; without it they are only held open" };
        var evenTheLast = new Option<bool>("--even-the-last") { Description = "touch the last healthy replica of the group too" };
        var command = new Command(
            "drill", "kills, freezes and drains the replicas of a running group under real load, and says which promises were kept; exits 5 when one was broken")
        {
            readyFile, health, sockets, rate, streams, events, restarts, freezeFor, settle, echo, evenTheLast,
        };
        command.SetAction(async (parsed, stopping) =>
        {
            var options = new DrillOptions(
                parsed.GetValue(readyFile), parsed.GetValue(health), parsed.GetValue(sockets), parsed.GetValue(rate), parsed.GetValue(streams), parsed.GetValue(events),
                parsed.GetValue(echo), parsed.GetValue(evenTheLast), parsed.GetValue(freezeFor), parsed.GetValue(settle),
                parsed.GetValue(restarts));
            if (options.ReadyFile is null == options.Health.IsEmpty)
            {
                throw new ConnectorError(
                    "Cannot drill", options.ReadyFile is null ? "nothing names a group" : "both a ready file and health addresses name a group",
                    "Name it with --ready-file FILE, or with --health ADDR for each replica", ExitCode.Usage);
            }

            return (int)await new DrillRun(options, environment).RunAsync(stopping);
        });
        return command;
    }

    private static Option<int> Number(string name, string what, int usual, int least, int most) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{what} (default {usual})"),
        HelpName = "N",
        DefaultValueFactory = _ => usual,
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= least && number <= most)
            {
                return number;
            }

            result.AddError(string.Create(CultureInfo.InvariantCulture, $"{name} expects a number from {least} to {most}, not \"{result.Tokens[0].Value}\""));
            return usual;
        },
    };

    private static Option<TimeSpan> Duration(string name, string what, TimeSpan usual) => new(name)
    {
        Description = string.Create(CultureInfo.InvariantCulture, $"{what} (default {usual.TotalSeconds:0}s)"),
        HelpName = "TIME",
        DefaultValueFactory = _ => usual,
        CustomParser = result =>
        {
            if (ConfigurationText.Duration(result.Tokens[0].Value) is { } duration)
            {
                return duration;
            }

            result.AddError($"{name} expects a duration such as 500ms, 30s or 5m, not \"{result.Tokens[0].Value}\"");
            return usual;
        },
    };
}
