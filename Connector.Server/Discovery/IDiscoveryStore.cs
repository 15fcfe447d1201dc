using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Store;

namespace Connector.Server.Discovery;

/// <summary>The part of the store that scans go to.</summary>
internal interface IDiscoveryStore
{
    /// <exception cref="StaleEpochException">A newer control session exists.</exception>
    Task<ScanTaken> TakeScanAsync(ConnectorId connectorId, SessionEpoch epoch, DiscoveryKey key, Scan scan, CancellationToken cancellationToken);

    /// <param name="failed">Identities of resources where nobody accepts connections.</param>
    /// <exception cref="StaleEpochException">A newer control session exists.</exception>
    Task TakeDialsAsync(ConnectorId connectorId, SessionEpoch epoch, DiscoveryKey key, IReadOnlySet<string> failed, CancellationToken cancellationToken);
}

/// <param name="Known">False: the plugin is not, or no longer, this connector's.</param>
/// <param name="ToDial">They go when nobody accepts there.</param>
internal sealed record ScanTaken(bool Known, ImmutableArray<KnownResource> ToDial);
