using System.Globalization;

namespace Connector.Protocol.Plugins;

internal static class NetworkRules
{
    public static void Add(NetworkDiscoveryConfiguration network, string path, List<string> problems)
    {
        InRange(network.MaxAddresses, 1, NetworkDiscoveryConfiguration.MostAddresses, $"{path}.max_addresses", problems);
        InRange(network.ProbesPerSecond, 1, NetworkDiscoveryConfiguration.MostProbesPerSecond, $"{path}.probes_per_second", problems);
        InRange(network.MaxInFlight, 1, NetworkDiscoveryConfiguration.MostInFlight, $"{path}.max_in_flight", problems);
        if (network.Targets is not { IsDefaultOrEmpty: false } targets)
        {
            problems.Add($"{path}.targets: name at least one network, range, address, interface or host to scan");
            return;
        }

        if (PluginRules.TooMany(network.Targets, $"{path}.targets", problems))
        {
            return;
        }

        for (var i = 0; i < targets.Length; i++)
        {
            Add(targets[i], network.MaxAddresses ?? NetworkDiscoveryConfiguration.UsualAddresses, $"{path}.targets[{i}]", problems);
        }
    }

    private static void Add(NetworkDiscoveryConfiguration.ScanTarget? target, int most, string path, List<string> problems)
    {
        if (target?.Target is not { Length: > 0 } text)
        {
            problems.Add($"{path}.target: missing");
        }
        else if (!ScanTargetText.TryParse(text, out var parsed, out var problem))
        {
            problems.Add($"{path}.target: {problem}");
        }
        else if (parsed is ScanTargetText.Addresses { Count: var count } && count > (UInt128)most)
        {
            problems.Add(
                $"{path}.target: has {count.ToString(CultureInfo.InvariantCulture)} addresses, {most} are the most; scan less, or raise max_addresses (at most {NetworkDiscoveryConfiguration.MostAddresses})");
        }

        if (target?.Ports is { IsDefault: false } ports)
        {
            if (ports.Length > NetworkDiscoveryConfiguration.MostPorts)
            {
                problems.Add($"{path}.ports: has {ports.Length} entries, {NetworkDiscoveryConfiguration.MostPorts} are the most");
            }
            else if (ports.FirstOrDefault(static port => port is < 1 or > 65_535, 1) is < 1 or > 65_535)
            {
                problems.Add($"{path}.ports: each must be a whole number from 1 to 65535");
            }
        }
    }

    private static void InRange(int? value, int lowest, int highest, string path, List<string> problems)
    {
        if (value is { } number && (number < lowest || number > highest))
        {
            problems.Add($"{path}: must be a whole number from {lowest} to {highest}");
        }
    }
}
