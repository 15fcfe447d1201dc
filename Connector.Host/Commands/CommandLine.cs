using System.CommandLine;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Errors;

namespace Connector.Host.Commands;

/// <summary>The command line of <c>connector</c>.</summary>
public static class CommandLine
{
    /// <param name="stopping">Asks a running command to stop in good order.</param>
    /// <returns>An <see cref="ExitCode"/>.</returns>
    public static Task<int> RunAsync(IReadOnlyList<string> arguments, HostEnvironment environment, Roles roles, CancellationToken stopping)
        => ErrorBoundary.RunAsync(
            async () =>
            {
                // Somebody who types only the name wants to know what there is.
                var parsed = Build(environment, roles).Parse(arguments.Count == 0 ? ["--help"] : arguments);
                if (parsed.Errors.Count > 0)
                {
                    foreach (var problem in parsed.Errors)
                    {
                        await environment.Error.WriteLineAsync($"error: {problem.Message}");
                    }

                    var name = parsed.CommandResult.Command is RootCommand ? "connector" : $"connector {Path(parsed)}";
                    await environment.Error.WriteLineAsync($"\"{name} --help\" shows what is possible.");
                    return ExitCode.Usage;
                }

                var configuration = new InvocationConfiguration
                {
                    Output = environment.Output,
                    Error = environment.Error,
                    // Errors and signals have their own owners: ErrorBoundary and ShutdownSignals.
                    EnableDefaultExceptionHandler = false,
                    ProcessTerminationTimeout = null,
                };
                return (ExitCode)await parsed.InvokeAsync(configuration, stopping);
            },
            environment.Error,
            () => environment.WantsDebug,
            stopping);

    internal static RootCommand Build(HostEnvironment environment, Roles roles) => new(
        "Makes private services reachable through an edge, without opening a port. Begin with: connector dev")
    {
        DevCommand.Build(environment, roles),
        ServerCommand.Build(environment, roles),
        StartCommand.Build(environment, roles),
        StatusCommand.Build(environment),
        DrillCommand.Build(environment),
        ConfigCommand.Build(environment),
        PluginCommand.Build(environment),
    };

    private static string Path(ParseResult parsed)
    {
        var names = new List<string>();
        for (var result = parsed.CommandResult; result?.Command is not (null or RootCommand); result = result.Parent as System.CommandLine.Parsing.CommandResult)
        {
            names.Insert(0, result.Command.Name);
        }

        return string.Join(' ', names);
    }
}
