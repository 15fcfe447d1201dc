using System.CommandLine;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Host.State;

namespace Connector.Host.Commands;

internal static class ServerCommand
{
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(40);

    public static Command Build(HostEnvironment environment, Roles roles)
    {
        var config = SharedOptions.Config("see config/server.yaml");
        var dataDirectory = SharedOptions.DataDirectory("~/.border0/server");
        var https = SharedOptions.Port("--https-port", $"portal, API and control streams (default {ServerSettings.DefaultHttpsPort})");
        var http = SharedOptions.Port("--http-port", "portal and API without TLS, on loopback only (default: off)");
        var tunnel = SharedOptions.Port("--tunnel-port", $"tunnels of replicas (default {ServerSettings.DefaultTunnelPort})");
        var tunnelAddress = new Option<string?>("--tunnel-address")
        {
            Description = "what replicas dial for tunnels, behind a load balancer or NAT (default: the host of public_url and the tunnel port)",
            HelpName = "HOST:PORT",
        };
        tunnelAddress.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && ConfigurationText.HostAndPort(token.Value) is null)
            {
                result.AddError($"--tunnel-address expects {ConfigurationText.HostAndPortExample}, not \"{token.Value}\"");
            }
        });
        var edgePorts = SharedOptions.EdgePorts();
        var roleNames = new Option<string?>("--roles") { Description = "what this process does (default control,edge,portal)", HelpName = "LIST" };
        roleNames.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && ServerRoleNames.Parse(token.Value) is null)
            {
                result.AddError($"--roles expects some of {string.Join(", ", ServerRoleNames.All)}, not \"{token.Value}\"");
            }
        });
        var health = SharedOptions.Health($"address of the health endpoint of an edge by itself (default {EdgeSettings.DefaultHealth})", EdgeSettings.DefaultHealth);
        var readyFile = SharedOptions.ReadyFile();
        var command = new Command("server", "control plane, edge and portal; --roles edge starts an edge by itself, whose credential comes from BORDER0_EDGE_TOKEN or the configuration")
        {
            config, roleNames, dataDirectory, https, http, tunnel, tunnelAddress, edgePorts, health, readyFile,
        };
        command.SetAction(async (parsed, stopping) =>
        {
            var flags = new ServerFlags(
                parsed.GetValue(config), parsed.GetValue(dataDirectory), parsed.GetValue(https), parsed.GetValue(http), parsed.GetValue(tunnel),
                parsed.GetValue(edgePorts), parsed.GetValue(roleNames), parsed.GetValue(tunnelAddress), parsed.GetValue(health)?.ToString());
            var settings = ServerSettings.Load(flags, environment);
            var ready = ReadyFile.Prepare(parsed.GetValue(readyFile));
            return settings.IsEdgeAlone
                ? (int)await RunEdgeAsync(EdgeSettingsLoader.Load(flags, environment), ready, environment, roles, stopping)
                : (int)await RunAsync(settings, ready, environment, roles, stopping);
        });
        return command;
    }

    private static async Task<ExitCode> RunAsync(
        ServerSettings settings, ReadyFile? readyFile, HostEnvironment environment, Roles roles, CancellationToken stopping)
    {
        foreach (var note in settings.Notes)
        {
            await environment.Error.WriteLineAsync($"note: {note}");
        }

        using var data = DataDirectory.Open(settings.DataDirectory, fresh: false);
        var host = settings.PublicUrl?.Host.Trim('[', ']') ?? "localhost";
        var edgeHost = settings.PublicHost ?? host;
        var server = await roles.StartServer(
            new ServerRoleOptions(
                data.Path, settings.PublicUrl, edgeHost, LoopbackOnly: false, settings.HttpsPort, settings.HttpPort, settings.TunnelPort, settings.EdgePorts,
                settings.Roles, [host, edgeHost, Environment.MachineName, .. TunnelHost(settings)], settings.Certificate, settings.Key, data.AdminToken, settings.LogLevel,
                settings.TunnelAddress) { ResumeWithin = settings.ResumeWithin, BindAddress = settings.BindAddress },
            stopping);
        try
        {
            readyFile?.Write(new ReadyReport
            {
                PortalUrl = server.PortalUrl.AbsoluteUri,
                ApiUrl = server.ApiUrl.AbsoluteUri.TrimEnd('/'),
                Tunnel = server.Tunnel,
                AdminToken = data.AdminToken.Reveal(),
            });
            await environment.Output.WriteLineAsync($"Portal  {server.PortalUrl}\nAPI     {server.ApiUrl}\nTunnel  {(server.Tunnel.Length > 0 ? server.Tunnel : "none here: edges run as processes of their own")}");
            await environment.Output.WriteLineAsync(data.IsNew
                ? $"First start. The admin token, shown only this once and kept in {data.AdminTokenPath}:\n  {data.AdminToken.Reveal()}"
                : $"Admin token in {data.AdminTokenPath}");
            await environment.Output.FlushAsync(CancellationToken.None);
            return await RunningRoles.UntilStoppedAsync(environment, [server.Completion], stopping);
        }
        finally
        {
            readyFile?.Remove();
            await RunningRoles.StopAsync(server.StopAsync, StopDeadline, environment.AtOnce);
        }
    }

    private static async Task<ExitCode> RunEdgeAsync(
        EdgeSettings settings, ReadyFile? readyFile, HostEnvironment environment, Roles roles, CancellationToken stopping)
    {
        foreach (var note in settings.Notes)
        {
            await environment.Error.WriteLineAsync($"note: {note}");
        }

        using var data = EdgeDataDirectory.Open(settings.DataDirectory);
        var edge = await roles.StartEdge(new EdgeRoleOptions(settings, data.Path), stopping);
        try
        {
            readyFile?.Write(new ReadyReport { Tunnel = edge.Tunnel, EdgeId = edge.EdgeId.Value, HealthUrl = edge.HealthUrl?.AbsoluteUri });
            await environment.Output.WriteLineAsync(
                $"Edge {edge.EdgeId} runs, control plane {settings.ServerUrl}, tunnel {edge.Tunnel}" + (edge.HealthUrl is null ? "" : $", health {edge.HealthUrl}"));
            await environment.Output.FlushAsync(CancellationToken.None);
            return await RunningRoles.UntilStoppedAsync(environment, [edge.Completion], stopping);
        }
        finally
        {
            readyFile?.Remove();
            await RunningRoles.StopAsync(edge.StopAsync, StopDeadline, environment.AtOnce);
        }
    }

    private static string[] TunnelHost(ServerSettings settings)
        => settings.TunnelAddress is { } address ? [address[..address.LastIndexOf(':')].Trim('[', ']')] : [];
}
