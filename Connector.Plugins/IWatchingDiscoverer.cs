namespace Connector.Plugins;

/// <summary>A source that tells when something in it has changed.</summary>
public interface IWatchingDiscoverer : IDiscoverer
{
    /// <summary>
    /// Yields after changes that ask for a scan; several may be told as one. Goes on where the last scan or watch ended, and yields where the source no
    /// longer knows what happened since then. Ends when the source ends the watch, throws when it breaks: whoever watches scans after a break, and watches again.
    /// </summary>
    /// <exception cref="DiscoveryException">The source cannot be watched.</exception>
    IAsyncEnumerable<SourceChanged> WatchAsync(CancellationToken cancellationToken);
}
