namespace Connector.Plugins;

/// <summary>
/// Reads one source: one region as one role, one namespace, one engine, one target of a network scan. One scan at a time; whoever owns it sees to that.
/// </summary>
public interface IDiscoverer : IAsyncDisposable
{
    /// <summary>As in the reference: results are kept by plugin and this text.</summary>
    string DiscoveryId { get; }

    /// <summary>
    /// Reads all there is. Returns promptly when cancelled. What is found is complete unless the discovery says otherwise.
    /// </summary>
    /// <exception cref="DiscoveryException">The source as a whole could not be read.</exception>
    Task<Discovery> DiscoverAsync(IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken);
}
