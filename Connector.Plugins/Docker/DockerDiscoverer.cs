using System.Runtime.CompilerServices;
using Connector.Plugins.Watching;
using Connector.Protocol.Discovery;
using Docker.DotNet.Models;

namespace Connector.Plugins.Docker;

/// <summary>The running containers of one engine.</summary>
internal sealed class DockerDiscoverer(EngineAddress engine, ResourceFilter filter, PluginEnvironment environment) : IWatchingDiscoverer
{
    /// <summary>Of one scan; an engine on one machine runs far fewer.</summary>
    public const int MostContainers = 20_000;

    // What changes whether and how a container is listed. Others, as exec_create of health checks, come every few seconds.
    private static readonly string[] Actions = ["start", "restart", "die", "stop", "kill", "destroy", "pause", "unpause", "rename", "update"];

    private const long Never = -1;

    // When the last scan began, in Unix seconds of the engine's clock: what happened since then was not seen by it.
    private long seenUntil = Never;

    public string DiscoveryId => "docker_discoverer";

    public async Task<Discovery> DiscoverAsync(IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        progress?.Report(new DiscoveryProgress("containers", 0, null, 0));
        using var connection = await EngineConnection.OpenAsync(engine, environment.Forbids, environment.Time, cancellationToken).ConfigureAwait(false);
        var containers = await connection.RunningContainersAsync(cancellationToken).ConfigureAwait(false) ?? [];
        var resources = new Dictionary<string, DiscoveredResource>(StringComparer.Ordinal);
        var unusable = 0;
        foreach (var container in containers.Take(MostContainers))
        {
            if (container is null)
            {
                unusable++;
                continue;
            }

            var details = ContainerResource.Details(container, engine.RemoteHost);
            if (!filter.Passes(details.Labels))
            {
                continue;
            }

            var resource = new DiscoveredResource(ResourceTypes.DockerContainer, details);
            if (resource.Identity is not { } identity || !resources.TryAdd(identity, resource))
            {
                unusable++;
            }
        }

        Volatile.Write(ref seenUntil, connection.Clock?.ToUnixTimeSeconds() ?? Never);
        progress?.Report(new DiscoveryProgress("containers", containers.Count, containers.Count, resources.Count));
        return new Discovery(
            [.. resources.Values],
            unusable == 0 ? [] : [$"{unusable} containers are not listed: they have no name or id, or that of another one"],
            containers.Count <= MostContainers ? [] : [$"Of {containers.Count} containers only the first {MostContainers} were read; include fewer by labels"]);
    }

    public async IAsyncEnumerable<SourceChanged> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using var connection = await EngineConnection.OpenAsync(engine, environment.Forbids, environment.Time, cancellationToken).ConfigureAwait(false);
        var changes = new ChangeSignal(environment.Time);
        var listening = ListenAsync(connection, changes, stopping.Token);
        try
        {
            await foreach (var change in changes.ReadAsync(cancellationToken).ConfigureAwait(false))
            {
                yield return change;
            }
        }
        finally
        {
            await stopping.CancelAsync().ConfigureAwait(false);
            await listening.ConfigureAwait(false);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task ListenAsync(EngineConnection connection, ChangeSignal changes, CancellationToken cancellationToken)
    {
        try
        {
            await connection.TellEventsAsync(Actions, Volatile.Read(ref seenUntil) is >= 0 and var since ? since : null, new Events(changes), cancellationToken).ConfigureAwait(false);
            changes.End(null);
        }
        catch (Exception failure)
        {
            changes.End(failure);
        }
    }

    // Progress<T> would take each event to another thread.
    private sealed class Events(ChangeSignal changes) : IProgress<Message>
    {
        public void Report(Message value)
        {
            if (value is not null)
            {
                changes.Tell($"container {ResourceBounds.Text(value.Actor?.ID ?? "")}: {ResourceBounds.Text(value.Action ?? "")}");
            }
        }
    }
}
