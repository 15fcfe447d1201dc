using System.Collections.Immutable;
using Connector.Actors.Reach;
using Connector.Plugins;
using Connector.Protocol.Plugins;

namespace Connector.Actors.Discovery;

/// <summary>What plugins are run with.</summary>
/// <param name="Discoverers">Of a configuration; called off the actors' threads. Throws DiscoveryException.</param>
/// <param name="Dialer">Within the reach of this replica.</param>
/// <param name="Random">From 0 to below 1.</param>
public sealed record DiscoverySettings(
    Func<PluginConfiguration, ImmutableArray<IDiscoverer>> Discoverers, IUpstreamDialer Dialer, DiscoveryTiming Timing, TimeProvider Time, Func<double> Random);
