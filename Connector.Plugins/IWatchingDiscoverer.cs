namespace Connector.Plugins;

/// <summary>A source that tells when something in it has changed.</summary>
public interface IWatchingDiscoverer : IDiscoverer
{
    /// <summary>
    /// Yields after changes that ask for a scan; several may be told as one. Ends or throws when the watch breaks: whoever watches scans, waits and
    /// watches again.
    /// </summary>
    /// <exception cref="DiscoveryException">The source cannot be watched.</exception>
    IAsyncEnumerable<SourceChanged> WatchAsync(CancellationToken cancellationToken);
}
