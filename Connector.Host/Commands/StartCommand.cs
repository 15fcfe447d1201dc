using System.CommandLine;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Host.State;

namespace Connector.Host.Commands;

internal static class StartCommand
{
    public static Command Build(HostEnvironment environment, Roles roles)
    {
        var config = SharedOptions.Config("default ~/.border0/config.yaml if it exists; BORDER0_CONFIG_FILE wins");
        var connectorId = new Option<string?>("--connector-id") { Description = "refuse a token of any other connector", HelpName = "ID" };
        var stateDirectory = new Option<string?>("--state-dir")
        {
            Description = "where the replica keeps its key and journals (default $STATE_DIRECTORY, else ~/.border0/connector)",
            HelpName = "DIR",
        };
        var health = SharedOptions.Health();
        var readyFile = SharedOptions.ReadyFile();
        var command = new Command("start", "one replica; the token comes from BORDER0_TOKEN or the configuration, never from the command line")
        {
            config, connectorId, stateDirectory, health, readyFile,
        };
        command.SetAction(async (parsed, stopping) =>
        {
            var ready = ReadyFile.Prepare(parsed.GetValue(readyFile));
            var flags = new ConnectorFlags(
                parsed.GetValue(config), parsed.GetValue(stateDirectory), parsed.GetValue(health)?.ToString(), parsed.GetValue(connectorId));
            return (int)await RunAsync(ConnectorSettingsLoader.Load(flags, environment), ready, environment, roles, stopping);
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(
        ConnectorSettings settings, ReadyFile? readyFile, HostEnvironment environment, Roles roles, CancellationToken stopping)
    {
        foreach (var note in settings.Notes)
        {
            await environment.Error.WriteLineAsync($"note: {note}");
        }

        using var state = await StateDirectory.OpenAsync(
            settings.StateDirectory, environment.Time, ReplicaRole.Patience,
            () => environment.Error.WriteLineAsync($"Another process uses the state directory {settings.StateDirectory}; waiting up to {ReplicaRole.Patience.TotalSeconds:0} s for it to let go ..."),
            stopping);
        var replica = await roles.StartReplica(
            // What the ready file says is over when draining begins, and a successor may write its own into it.
            new ReplicaRoleOptions(settings, state, settings.Health) { HandedOver = () => readyFile?.Remove() }, stopping);
        try
        {
            readyFile?.Write(new ReadyReport
            {
                ConnectorId = settings.ConnectorId.Value,
                Replicas = [new ReadyReplica(replica.ReplicaId.Value, Environment.ProcessId, replica.HealthUrl?.AbsoluteUri)],
            });
            await environment.Output.WriteLineAsync(
                $"Replica {replica.ReplicaId} of connector {settings.ConnectorId} runs, control plane {settings.ServerUrl}"
                + (replica.HealthUrl is null ? "" : $", health {replica.HealthUrl}"));
            await environment.Output.FlushAsync(CancellationToken.None);
            return await RunningRoles.UntilStoppedAsync(environment, [replica.Completion], stopping);
        }
        finally
        {
            await RunningRoles.StopAsync(replica.StopAsync, replica.LongestStop, environment.AtOnce);
            if (environment.AtOnce.IsCancellationRequested)
            {
                var streams = replica.Streams();
                await replica.CutAsync();
                await RunningRoles.SayAsync(environment, $"Stopped at once, without waiting for the streams that ran: {streams} were cut.");
            }

            readyFile?.Remove();
        }
    }
}
