using System.Collections.Immutable;
using Connector.Plugins.Reachability;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Network;

internal static class NetworkPlugin
{
    /// <summary>One for each target; they share one budget.</summary>
    /// <exception cref="DiscoveryException">A target makes no sense, or has too many addresses.</exception>
    public static ImmutableArray<IDiscoverer> CreateDiscoverers(NetworkDiscoveryConfiguration configuration, PluginEnvironment environment)
    {
        ImmutableArray<NetworkDiscoveryConfiguration.ScanTarget> targets = configuration.Targets is { IsDefaultOrEmpty: false } named
            ? named
            : throw new DiscoveryException(DiscoveryFailure.Configuration, "targets is empty: name at least one network, range, address, interface or host to scan");
        var budget = new ProbeBudget(
            configuration.ProbesPerSecond ?? NetworkDiscoveryConfiguration.UsualProbesPerSecond,
            OpenFiles.Share(configuration.MaxInFlight ?? NetworkDiscoveryConfiguration.UsualInFlight),
            environment.Time);
        var most = configuration.MaxAddresses ?? NetworkDiscoveryConfiguration.UsualAddresses;
        return [.. targets.Select((target, i) => Create(target, $"[{i + 1}/{targets.Length}]", most, budget, environment))];
    }

    private static IDiscoverer Create(NetworkDiscoveryConfiguration.ScanTarget target, string place, int most, ProbeBudget budget, PluginEnvironment environment)
    {
        var text = ResourceBounds.Text(target?.Target ?? "");
        if (!ScanTargetText.TryParse(text, out var parsed, out var problem))
        {
            throw new DiscoveryException(DiscoveryFailure.Configuration, $"The target \"{text}\" cannot be scanned: {problem}");
        }

        if (parsed is ScanTargetText.Addresses { Count: var count } && count > (UInt128)most)
        {
            throw new DiscoveryException(
                DiscoveryFailure.Configuration, $"The target \"{text}\" has more than {most} addresses; scan less, or raise max_addresses");
        }

        var ports = target!.Ports is { IsDefaultOrEmpty: false } named ? named : NetworkDiscoveryConfiguration.UsualPorts;
        return new NetworkDiscoverer(
            $"network {place} ( target = {text} )",
            cancellationToken => ScanAddresses.OfAsync(parsed, most, environment.Time, cancellationToken),
            ports,
            budget,
            environment);
    }
}
