using System.CommandLine;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.Status;

namespace Connector.Host.Commands;

internal static class StatusCommand
{
    public static Command Build(HostEnvironment environment)
    {
        var health = SharedOptions.Health();
        var config = SharedOptions.Config("to find the health address in");
        var command = new Command("status", "how the replica on this machine is; exits 3 when its connector is already connected elsewhere, 4 when none runs")
        {
            health, config,
        };
        command.SetAction(async (parsed, stopping) =>
        {
            var loader = new ConnectorSettingsLoader(environment, SecretFiles.For(environment));
            var file = loader.FindFile(parsed.GetValue(config)) is { } path ? ConnectorFile.Read(path) : new ConnectorFile();
            var address = parsed.GetValue(health) ?? loader.Health(new ConnectorFlags(), file)
                ?? throw new ConnectorError("Cannot ask for the status", "the configuration switches the health endpoint off", "Switch it on, or look into the logs");
            if (await StatusReader.ReadAsync(address, stopping) is not { } status)
            {
                await environment.Error.WriteLineAsync(
                    $"Not running: nothing answers at {address}. Start a replica with \"connector start\", or name its health address with --health.");
                return (int)ExitCode.NotRunning;
            }

            await environment.Output.WriteAsync(StatusTable.Render(status));
            if (!status.IsRefusedAsConnected)
            {
                return (int)ExitCode.Ok;
            }

            await environment.Error.WriteLineAsync(
                "Refused: the connector is already connected from another place. Stop the other process, or make a second connector for this one.");
            return (int)ExitCode.Refused;
        });
        return command;
    }
}
