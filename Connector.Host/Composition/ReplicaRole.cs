using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Hosting;
using Connector.Actors.Control;
using Connector.Actors.Discovery;
using Connector.Actors.Health;
using Connector.Actors.Links;
using Connector.Actors.Reach;
using Connector.Actors.Registration;
using Connector.Actors.Sockets;
using Connector.Host.Errors;
using Connector.Host.Running;
using Connector.Plugins;
using Connector.Protocol.Ids;
using Connector.Relay.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Connector.Host.Composition;

/// <summary>The connector's actor systems as one of the process's two hosts.</summary>
internal static class ReplicaRole
{
    /// <summary>For addresses that a predecessor is about to give up.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan CutPatience = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan FarewellTime = TimeSpan.FromMilliseconds(100);

    /// <summary>Returns when the replica runs and its health endpoint answers.</summary>
    /// <exception cref="ConnectorError">The health address is in use, or the configuration contradicts itself.</exception>
    public static async Task<RunningReplica> StartAsync(ReplicaRoleOptions options, CancellationToken cancellationToken)
    {
        var ended = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        var streams = new RunningStreams();
        if (options.Health is { } health)
        {
            await ListenAddress.WaitUntilFreeAsync(health, Patience, cancellationToken).ConfigureAwait(false);
        }

        if (options.Settings.Cluster is { } group)
        {
            await GroupAddress.CheckAsync(group, Patience, cancellationToken).ConfigureAwait(false);
        }

        var actors = Actors(options, streams, ended);
        var start = new StartPhase();
        var host = Build(options, actors, start);
        try
        {
            await host.StartAsync(cancellationToken).ConfigureAwait(false);
            start.End();
        }
        catch (IOException failure)
        {
            host.Dispose();
            throw new ConnectorError(
                $"Cannot answer health checks on {options.Health}", failure.Message.TrimEnd('.'), "Choose another address with --health, or stop what uses it", inner: failure);
        }

        host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopped.Register(() => ended.TrySetResult("the replica has stopped"));
        return new RunningReplica(
            options.State.ReplicaId,
            options.Health is null ? null : host.Services.GetRequiredService<HealthEndpoint>().Url,
            ended.Task,
            async stopping =>
            {
                await host.StopAsync(stopping).ConfigureAwait(false);
                host.Dispose();
            })
        {
            Streams = () => streams.State().Count,
            LongestStop = actors.LongestStop,
            CutAsync = () => CutAsync(host),
        };
    }

    private static async Task CutAsync(IHost host)
    {
        try
        {
            await host.Services.GetRequiredService<ActorRegistry>().Get<ConnectorActorKeys.Links>().GracefulStop(CutPatience).ConfigureAwait(false);

            // The links have said good-bye; their lanes are writing it.
            await Task.Delay(FarewellTime, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception)
        {
            // The process ends now in any case, and whoever was not told hears nothing from it any more.
        }
    }

    private static IHost Build(ReplicaRoleOptions options, ConnectorActorsOptions actors, StartPhase start)
    {
        var builder = Microsoft.Extensions.Hosting.Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "connector" });
        ProcessLogging.Add(builder.Logging, options.Settings.LogLevel, start);
        builder.Services.AddSingleton<IHostLifetime, QuietLifetime>();
        builder.Services.AddConnectorActors(actors);
        return builder.Build();
    }

    private static ConnectorActorsOptions Actors(ReplicaRoleOptions options, RunningStreams streams, TaskCompletionSource<string> ended)
    {
        var (settings, state) = (options.Settings, options.State);
        if (!ReachPolicy.TryCreate(settings.Reach.Allow.Select(static network => network.ToString()), settings.Reach.Deny.Select(static network => network.ToString()), out var reach, out var problem))
        {
            throw new ConnectorError("Cannot use the section reach of the configuration", problem.TrimEnd('.'), "Correct it; connector config check FILE shows more");
        }

        var plugins = PluginEnvironment.OfProcess(reach.Forbids);
        var version = typeof(ReplicaRole).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0.0.0";
        var bootId = BootId.New();
        var memory = new RelayMemory(new RelayMemoryOptions());
        var key = new ReplicaKey(state.Certificate.GetECDsaPrivateKey()!);
        var transport = new GrpcControlTransport(
            new GrpcControlTransportSettings { Server = settings.ServerUrl, Trust = settings.Trust, Token = () => settings.Token }, TimeProvider.System, key);
        return new ConnectorActorsOptions
        {
            Session = new ControlSessionSettings
            {
                ConnectorId = settings.ConnectorId,
                ReplicaId = state.ReplicaId,
                BootId = bootId,
                Key = key,
                Version = version,
                Metadata = ReplicaMetadata.OfThisHost(version, BuiltDate()),
            },
            Transport = _ => transport,
            Verdicts = _ => transport,
            Sockets = (_, _) => SocketSupervisorProps.Create(memory, reach, SocketSettings.Default, TimeProvider.System, streams),
            Links = (_, _, sockets) => LinkSupervisorProps.Create(
                state.ReplicaId, bootId, state.Certificate, memory, sockets, LaneSettings.Default with { Detached = settings.ResumeWithin }, TimeProvider.System),
            Discovery = new DiscoverySettings(
                configuration => Plugin.CreateDiscoverers(configuration, plugins), new UpstreamDialer(reach, UpstreamDialerOptions.Detect(), TimeProvider.System),
                DiscoveryTiming.Default, TimeProvider.System, Random.Shared.NextDouble),
            Health = options.Health,
            StateFile = state.File,
            DrainGrace = settings.DrainTimeout,
            Group = settings.Cluster,
            Streams = streams,
            HandOver = () =>
            {
                // In this order: whoever takes the state directory over writes a ready file of its own, in the same place.
                options.HandedOver?.Invoke();
                state.LetGo();
                return Task.CompletedTask;
            },
            SessionStopped = (_, stopped) => ended.TrySetResult(stopped.Reason),
        };
    }

    private static string BuiltDate()
    {
        // A single-file build has no assembly file of its own; the process's file stands for it.
        var file = typeof(ReplicaRole).Assembly.Location is { Length: > 0 } location ? location : Environment.ProcessPath;
        return file is not null && File.Exists(file) ? File.GetLastWriteTimeUtc(file).ToString("yyyyMMdd", System.Globalization.CultureInfo.InvariantCulture) : "";
    }
}
