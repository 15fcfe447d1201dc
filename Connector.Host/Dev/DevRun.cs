using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Connector.Host.Commands;
using Connector.Host.Composition;
using Connector.Host.Configuration;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Host.State;
using Connector.Protocol;
using Connector.Protocol.Tokens;

namespace Connector.Host.Dev;

/// <summary><c>connector dev</c>: a server and one replica in this process, or several as its children, set up through the server's own API.</summary>
internal sealed class DevRun(DevOptions options, HostEnvironment environment, Roles roles, Func<Uri, Secret, DevApi> connectApi)
{
    private const string ConnectorName = "dev";
    private const string TokenFile = "connector-token";
    private static readonly TimeSpan SetupDeadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopDeadline = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan DrainTimeout = TimeSpan.FromSeconds(10);

    // Beyond it a group that does not come together is shown as it is.
    private static readonly TimeSpan GroupPatience = TimeSpan.FromSeconds(30);

    private readonly PortChoice ports = PortChoice.OnLoopback();
    private readonly Lock reportGate = new();
    private ReadyReport? report;

    public async Task<ExitCode> RunAsync(CancellationToken stopping)
    {
        var readyFile = ReadyFile.Prepare(options.ReadyFile);
        var directory = options.Server.DataDirectory ?? Path.Combine(environment.Home, ".border0", "dev");
        using var data = DataDirectory.Open(directory, options.Fresh);
        using var state = options.Replicas == 1 ? StateDirectory.Open(ChildReplicas.StateDirectoryOf(data.Path, 1), environment.Time) : null;
        await environment.Error.WriteLineAsync($"Starting control plane, edge, portal and {Count(options.Replicas)} ...");

        await using var lines = new LineOutput(environment.Error);
        await using var page = options.Exposures.IsEmpty ? await BuiltInPage.StartAsync(stopping) : null;
        ImmutableArray<Exposure> exposures = page is null ? options.Exposures : [new Exposure(BuiltInPage.SocketName, "http", "127.0.0.1", page.Port) { Description = BuiltInPage.Description }];
        var server = await roles.StartServer(ServerOptions(data), stopping);
        try
        {
            using var setup = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            setup.CancelAfter(SetupDeadline);
            var (replicas, sockets) = await SetUpAsync(server, data, state, exposures, lines, readyFile, setup.Token, stopping);
            try
            {
                var shown = Write(readyFile, replicas.Running());
                var screen = new DevScreen(CommandName.OfProcess(environment.Variable("PATH")), data.AdminTokenPath, data.Path, [.. ports.Notes, .. replicas.Notes]);
                await environment.Output.WriteAsync(screen.Render(shown, sockets, [.. exposures.Select(exposure => exposure.Name)]));
                await environment.Output.FlushAsync(CancellationToken.None);
                return await RunningRoles.UntilStoppedAsync(environment, [server.Completion, replicas.Completion], stopping);
            }
            finally
            {
                readyFile?.Remove();
                await RunningRoles.StopAsync(replicas.StopAsync, StopDeadline, CancellationToken.None);
            }
        }
        finally
        {
            await RunningRoles.StopAsync(server.StopAsync, StopDeadline, environment.AtOnce);
        }
    }

    private async Task<(DevReplicas Replicas, ImmutableArray<DevSocket> Sockets)> SetUpAsync(
        RunningServer server, DataDirectory data, StateDirectory? state, ImmutableArray<Exposure> exposures, LineOutput lines, ReadyFile? readyFile,
        CancellationToken setup, CancellationToken stopping)
    {
        DevReplicas? replicas = null;
        try
        {
            using var api = connectApi(server.ApiUrl, data.AdminToken);
            var connectorId = await api.EnsureConnectorAsync(ConnectorName, setup);
            var token = await TokenAsync(api, connectorId, data.Path, setup);
            var socketIds = new List<string>();
            foreach (var exposure in exposures)
            {
                socketIds.Add(await api.EnsureSocketAsync(connectorId, exposure, setup));
            }

            if (exposures.All(exposure => exposure.Name != BuiltInPage.SocketName))
            {
                await api.RemoveBuiltInPageAsync(setup);
            }

            replicas = state is not null
                ? await StartOneAsync(token, server, state, stopping)
                : await StartChildrenAsync(token, server, data, lines, readyFile, setup);
            await api.WaitUntilAliveAsync(socketIds, setup);
            var sockets = await api.ListSocketsAsync(connectorId, setup);
            if (state is null)
            {
                replicas = replicas with { Notes = await ReplicaReadiness.WaitAsync(replicas.Running, GroupPatience, stopping) };
            }

            lock (reportGate)
            {
                report = new ReadyReport
                {
                    PortalUrl = server.PortalUrl.AbsoluteUri,
                    ApiUrl = server.ApiUrl.AbsoluteUri.TrimEnd('/'),
                    Tunnel = server.Tunnel,
                    AdminToken = data.AdminToken.Reveal(),
                    ConnectorId = connectorId,
                    ConnectorToken = token.Reveal(),
                    Sockets = [.. sockets.Where(socket => socket.NotServed is null).Select(socket => socket.Socket)],
                };
            }

            return (replicas, sockets);
        }
        catch (Exception failure)
        {
            if (replicas is not null)
            {
                await RunningRoles.StopAsync(replicas.StopAsync, StopDeadline, CancellationToken.None);
            }

            if (failure is OperationCanceledException && !stopping.IsCancellationRequested)
            {
                throw new ConnectorError(
                    "Cannot start dev", $"the sockets were not reachable within {SetupDeadline.TotalSeconds:0} s",
                    "See the log above; BORDER0_LOG_LEVEL=debug shows more, --fresh starts over", inner: failure);
            }

            throw;
        }
    }

    private async Task<DevReplicas> StartOneAsync(Secret token, RunningServer server, StateDirectory state, CancellationToken stopping)
    {
        var replica = await roles.StartReplica(new ReplicaRoleOptions(ReplicaSettings(token, server, state), state, Health()), stopping);
        ImmutableArray<ReadyReplica> running = [new ReadyReplica(replica.ReplicaId.Value, Environment.ProcessId, replica.HealthUrl?.AbsoluteUri)];
        return new DevReplicas(
            () => running, replica.Completion, cancellationToken => RunningRoles.StopAsync(replica.StopAsync, StopDeadline, environment.AtOnce).WaitAsync(cancellationToken), []);
    }

    private async Task<DevReplicas> StartChildrenAsync(
        Secret token, RunningServer server, DataDirectory data, LineOutput lines, ReadyFile? readyFile, CancellationToken setup)
    {
        var children = new ChildReplicas
        {
            DataDirectory = data.Path,
            Token = token,
            Server = server.HttpsUrl,
            LogLevel = Level(),
            DrainTimeout = DrainTimeout,
            HealthPorts = ports.Several(options.Replicas),
            GroupPorts = ports.Several(options.Replicas),
        };
        ReplicaFleet? fleet = null;
        fleet = new ReplicaFleet(children.Prepare(), roles.StartProcess, environment.Time, lines.Say, () => Write(readyFile, fleet!.Running));
        try
        {
            await fleet.StartAsync(setup);
        }
        catch
        {
            await fleet.StopAsync(StopDeadline, environment.AtOnce);
            throw;
        }

        return new DevReplicas(
            () => fleet.Running, fleet.CompletionAsync(), cancellationToken => fleet.StopAsync(StopDeadline - TimeSpan.FromSeconds(8), environment.AtOnce).WaitAsync(cancellationToken), []);
    }

    /// <summary>Again whenever a child has begun or ended: scripts find the processes that run.</summary>
    private ReadyReport Write(ReadyFile? file, ImmutableArray<ReadyReplica> replicas)
    {
        lock (reportGate)
        {
            // Nothing is ready yet; the first writing comes.
            if (report is null)
            {
                return new ReadyReport();
            }

            report = report with { Replicas = replicas };
            file?.Write(report);
            return report;
        }
    }

    private ServerRoleOptions ServerOptions(DataDirectory data)
    {
        var https = ports.Choose(options.Server.HttpsPort, ServerSettings.DefaultHttpsPort, "--https-port");
        return new ServerRoleOptions(
            data.Path,
            https == 0 ? null : new Uri($"https://localhost:{https}"),
            "127.0.0.1",
            LoopbackOnly: true,
            https,
            ports.Choose(options.Server.HttpPort, 8080, "--http-port"),
            ports.Choose(options.Server.TunnelPort, ServerSettings.DefaultTunnelPort, "--tunnel-port"),
            ports.Choose(options.Server.EdgePorts, ServerSettings.DefaultEdgePorts),
            ServerRoleNames.All,
            [],
            null,
            null,
            data.AdminToken,
            Level());
    }

    /// <summary>The token of an earlier run as long as the server still has it.</summary>
    private static async Task<Secret> TokenAsync(DevApi api, string connectorId, string directory, CancellationToken cancellationToken)
    {
        var path = Path.Combine(directory, TokenFile);
        if (PrivateFiles.TryRead(path, "the connector token") is { Length: > 0 } kept)
        {
            try
            {
                var claims = ConnectorTokenReader.Read(new Secret(kept));
                if (claims.ConnectorId.Value == connectorId && await api.HasTokenAsync(connectorId, claims.TokenId, cancellationToken))
                {
                    return new Secret(kept);
                }
            }
            catch (FormatException)
            {
                // Damaged: a new one is made below.
            }
        }

        var token = await api.CreateTokenAsync(connectorId, "dev", cancellationToken);
        PrivateFiles.Write(path, token.Reveal() + "\n", "the connector token");
        return token;
    }

    private ConnectorSettings ReplicaSettings(Secret token, RunningServer server, StateDirectory state)
    {
        var claims = ConnectorTokenReader.Read(token);
        return new ConnectorSettings(
            token, claims.ConnectorId, claims.OrganizationId,
            // Not the token's: ports may have changed since it was made.
            server.HttpsUrl, new Protocol.Tls.ServerTrust(claims.CaPins), state.Path, null, Level(), ReachRules.None, DrainTimeout,
            ImmutableDictionary<string, Secret>.Empty, []);
    }

    private IPEndPoint Health() => options.Health ?? new IPEndPoint(IPAddress.Loopback, ports.Choose((int?)null, 9480, "--health"));

    private string Level() => environment.Variable(EnvironmentNames.LogLevel) is { } named && LogLevels.Known(named) is { } level ? level : "warn";

    private static string Count(int replicas) => replicas == 1 ? "one replica" : string.Create(CultureInfo.InvariantCulture, $"{replicas} replicas");
}
