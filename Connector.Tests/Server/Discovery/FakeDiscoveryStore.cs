using System.Collections.Concurrent;
using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Discovery;

namespace Connector.Tests.Server.Discovery;

/// <summary>Notes what it is given; asks for the dials that the test wants.</summary>
internal sealed class FakeDiscoveryStore : IDiscoveryStore
{
    public ConcurrentQueue<(SessionEpoch Epoch, DiscoveryKey Key, Scan Scan)> Scans { get; } = new();

    public ConcurrentQueue<(DiscoveryKey Key, ImmutableArray<string> Failed)> Dials { get; } = new();

    public ImmutableArray<KnownResource> ToDial { get; set; } = [];

    public Func<Exception?> Fails { get; set; } = static () => null;

    public Task<ScanTaken> TakeScanAsync(ConnectorId connectorId, SessionEpoch epoch, DiscoveryKey key, Scan scan, CancellationToken cancellationToken)
    {
        if (Fails() is { } failure)
        {
            return Task.FromException<ScanTaken>(failure);
        }

        Scans.Enqueue((epoch, key, scan));
        return Task.FromResult(new ScanTaken(true, ToDial));
    }

    public Task TakeDialsAsync(ConnectorId connectorId, SessionEpoch epoch, DiscoveryKey key, IReadOnlySet<string> failed, CancellationToken cancellationToken)
    {
        Dials.Enqueue((key, [.. failed.Order(StringComparer.Ordinal)]));
        return Task.CompletedTask;
    }
}
