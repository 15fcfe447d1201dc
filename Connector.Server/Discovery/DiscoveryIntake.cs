using System.Threading.Channels;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Discovery;

/// <summary>
/// Between a control session and what is known of discovered resources. What the store does not take after a few attempts is dropped, with a record: the
/// next scan brings it again.
/// </summary>
internal sealed partial class DiscoveryIntake : IAsyncDisposable
{
    // A message may be megabytes long: when so many wait, the session is read no further.
    private const int Queued = 4;
    private const int Attempts = 3;
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan CloseGrace = TimeSpan.FromSeconds(3);

    private readonly IDiscoveryStore store;
    private readonly ConnectorId connectorId;
    private readonly SessionEpoch epoch;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Action<DialResources>? dial;
    private readonly Channel<Func<CancellationToken, Task>> work = Channel.CreateBounded<Func<CancellationToken, Task>>(
        new BoundedChannelOptions(Queued) { SingleReader = true, SingleWriter = true });

    private readonly CancellationTokenSource closing = new();
    private readonly ScanReader reader;
    private readonly Task working;

    // Only the one who works looks at it.
    private int nextToDial;

    /// <param name="dial">Asks the connector to dial; null when it cannot, and three scans have to do.</param>
    public DiscoveryIntake(IDiscoveryStore store, ConnectorId connectorId, SessionEpoch epoch, TimeProvider time, ILogger logger, Action<DialResources>? dial)
    {
        this.store = store;
        this.connectorId = connectorId;
        this.epoch = epoch;
        this.time = time;
        this.logger = logger;
        this.dial = dial;
        reader = new ScanReader(time);
        working = Task.Run(WorkAsync);
    }

    /// <summary>Waits while others wait to be stored.</summary>
    public async ValueTask AddAsync(PluginDiscoveryResults results, CancellationToken cancellationToken)
    {
        if (results.Metadata?.DiscoveryId is not { Length: > 0 and <= ScanReader.LongestDiscoveryId } discoveryId)
        {
            LogUnnamed(connectorId, results.PluginId);
            return;
        }

        var key = new DiscoveryKey(new PluginId(results.PluginId), discoveryId);
        if (reader.Add(key, results) is { } scan)
        {
            await work.Writer.WriteAsync(token => StoreAsync(key, scan, token), cancellationToken).ConfigureAwait(false);
        }
    }

    public ValueTask AddAsync(ResourcesDialed dialed, CancellationToken cancellationToken)
    {
        var key = new DiscoveryKey(new PluginId(dialed.PluginId), dialed.DiscoveryId);

        // What cannot be dialled cannot answer.
        var failed = dialed.Resources.Where(static resource => resource.Outcome is DialOutcome.Failed or DialOutcome.NotDialed)
            .Select(static resource => resource.Identity).ToHashSet(StringComparer.Ordinal);
        return failed.Count == 0
            ? ValueTask.CompletedTask
            : work.Writer.WriteAsync(token => store.TakeDialsAsync(connectorId, epoch, key, failed, token), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        work.Writer.TryComplete();
        closing.CancelAfter(CloseGrace);
        await working.ConfigureAwait(false);
        closing.Dispose();
    }

    private async Task StoreAsync(DiscoveryKey key, Scan scan, CancellationToken cancellationToken)
    {
        var taken = await store.TakeScanAsync(connectorId, epoch, key, scan, cancellationToken).ConfigureAwait(false);
        if (taken.ToDial.IsEmpty)
        {
            return;
        }

        if (dial is null)
        {
            await store.TakeDialsAsync(
                connectorId, epoch, key, taken.ToDial.Select(static resource => resource.Identity).ToHashSet(StringComparer.Ordinal), cancellationToken).ConfigureAwait(false);
            return;
        }

        // The rest is asked for after the next scan.
        var asked = DialQuestion.Of(key, taken.ToDial, nextToDial, out nextToDial);
        if (asked.Resources.Count > 0)
        {
            dial(asked);
        }
    }

    private async Task WorkAsync()
    {
        await foreach (var item in work.Reader.ReadAllAsync().ConfigureAwait(false))
        {
            await WorkAsync(item).ConfigureAwait(false);
        }
    }

    private async Task WorkAsync(Func<CancellationToken, Task> item)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await item(closing.Token).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (closing.IsCancellationRequested)
            {
                LogAbandoned(connectorId);
                return;
            }
            catch (StaleEpochException)
            {
                // A newer session is there; its own scans follow.
                return;
            }
            catch (ControlStoreException exception) when (attempt < Attempts)
            {
                LogFailed(connectorId, exception.Message);
            }
            catch (ControlStoreException exception)
            {
                LogDropped(connectorId, exception.Message);
                return;
            }

            await Task.Delay(Retry, time, closing.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: storing a scan failed and is tried again: {Reason}")]
    private partial void LogFailed(ConnectorId connectorId, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Connector {ConnectorId}: a scan was not stored, the next one will bring it again: {Reason}")]
    private partial void LogDropped(ConnectorId connectorId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: a scan was not stored before its session ended")]
    private partial void LogAbandoned(ConnectorId connectorId);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: plugin {PluginId} reports a scan without saying of what")]
    private partial void LogUnnamed(ConnectorId connectorId, string pluginId);
}
