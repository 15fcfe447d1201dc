using System.CommandLine;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Protocol;
using Connector.Protocol.Json;
using Connector.Protocol.Tokens;
using Connector.Protocol.Variables;

namespace Connector.Host.Commands;

internal static class ConfigCommand
{
    public static Command Build(HostEnvironment environment)
    {
        var file = new Argument<string>("FILE") { Description = "connector.yaml or server.yaml" };
        var check = new Command("check", "says what is wrong with a configuration, and starts nothing") { file };
        check.SetAction(async (parsed, _) =>
        {
            var path = parsed.GetRequiredValue(file);
            var kind = Check(path, environment, out var notes);
            foreach (var note in notes)
            {
                await environment.Output.WriteLineAsync($"note: {note}");
            }

            await environment.Output.WriteLineAsync($"{path}: a good {kind} configuration");
            return (int)ExitCode.Ok;
        });
        return new Command("config", "configuration files") { check };
    }

    private static string Check(string path, HostEnvironment environment, out List<string> notes)
    {
        notes = [];
        var keys = ConfigurationFile.Keys(path);
        if (keys.Any(ServerFile.OwnKeys.Contains) || keys.Any(IsNearlyOfServer))
        {
            notes.AddRange(ServerSettings.Load(new ServerFlags(path), environment).Notes);
            return "server";
        }

        var file = ConnectorFile.Read(path);
        if (file.ConnectorInsecure == true)
        {
            throw new ConnectorError($"Cannot use the configuration {path}", "connector_insecure: there is no mode without TLS", "Remove the key");
        }

        if (file.ConnectorServer is { } server && VariableReference.Parse(server) is VariableReference.Literal literal
            && ConfigurationText.ServerUrl(literal.Value) is null)
        {
            throw new ConnectorError(
                $"Cannot use the configuration {path}", "connector_server: not an https address of a server",
                "Write for example border0.example.com:8443 or https://border0.example.com:8443");
        }

        CheckToken(file, path, environment, notes);
        CheckGroup(file, path, environment, notes);
        return "connector";
    }

    private static void CheckGroup(ConnectorFile file, string path, HostEnvironment environment, List<string> notes)
    {
        var reader = new GroupSettingsReader(environment, SecretFiles.For(environment));
        if (reader.Read(file.Cluster, path) is { } group && GroupAddress.Problem(group) is { } problem)
        {
            // Where it is checked is often not where it runs; and where it runs, the port is in use.
            notes.Add($"here a replica could not start now: {problem.Message}");
        }

        notes.AddRange(reader.Notes);
    }

    /// <summary>A misspelt key says as well which kind of file it is.</summary>
    private static bool IsNearlyOfServer(string key)
        => NearestName.Of(key, [.. ServerFile.OwnKeys, .. ConnectorFile.Keys]) is { } nearest && ServerFile.OwnKeys.Contains(nearest);

    private static void CheckToken(ConnectorFile file, string path, HostEnvironment environment, List<string> notes)
    {
        if (file.Token is not { } text)
        {
            notes.Add($"there is no token in it, so {EnvironmentNames.Token} has to be set at start");
            return;
        }

        var holder = environment.References.PathOf(text) ?? (VariableReference.Parse(text) is VariableReference.Literal ? path : null);
        if (holder is not null && File.Exists(holder) && SecretFiles.For(environment).Check(holder, "the token") is { } warning)
        {
            notes.Add(warning);
        }

        try
        {
            ConnectorTokenReader.Read(new Secret(environment.References.Resolve(text).Trim()));
        }
        catch (VariableReferenceException failure) when (VariableReference.Parse(text) is not VariableReference.Unsupported)
        {
            // Where it is checked is often not where it runs.
            notes.Add($"the token cannot be resolved here: {failure.Message}");
        }
        catch (Exception failure) when (failure is VariableReferenceException or FormatException)
        {
            throw new ConnectorError($"Cannot use the configuration {path}", $"token: {failure.Message.TrimEnd('.')}", "Correct it, or make a new token in the portal", inner: failure);
        }
    }
}
