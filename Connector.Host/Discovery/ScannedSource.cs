namespace Connector.Host.Discovery;

/// <param name="Found">Null when it failed.</param>
/// <param name="Failure">For people; null when it did not fail.</param>
internal sealed record ScannedSource(string DiscoveryId, Plugins.Discovery? Found, string? Failure, TimeSpan Took);
