namespace Connector.Plugins;

/// <param name="Doing">What is being read now.</param>
/// <param name="Done">Units of work done: addresses and ports, pages, resources.</param>
/// <param name="Total">Null while it is not known.</param>
/// <param name="Found">Resources so far.</param>
public readonly record struct DiscoveryProgress(string Doing, long Done, long? Total, int Found);
