using System.Collections.Immutable;
using Connector.Plugins;
using Connector.Plugins.Network;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Network;

/// <summary>Scans of loopback, faster than the usual ones.</summary>
internal static class Scans
{
    private static readonly NetworkDiscoveryConfiguration Fast = new() { ProbesPerSecond = 2_000 };

    public static IDiscoverer Of(string target, params IEnumerable<int> ports) => Of(TimeProvider.System, target, ports);

    public static IDiscoverer Of(TimeProvider time, string target, params IEnumerable<int> ports) => Of(Fast, time, target, ports);

    public static IDiscoverer Of(NetworkDiscoveryConfiguration configuration, TimeProvider time, string target, params IEnumerable<int> ports)
        => NetworkPlugin.CreateDiscoverers(
            configuration with { Targets = [new() { Target = target, Ports = [.. ports] }] }, LocalEnvironment.With(time: time)).Single();

    /// <summary>Type and port of what is found on 127.0.0.1.</summary>
    public static Task<ImmutableArray<string>> FoundAsync(params IEnumerable<int> ports) => FoundAsync(TimeProvider.System, ports);

    /// <summary>Type and port of what is found on 127.0.0.1.</summary>
    public static async Task<ImmutableArray<string>> FoundAsync(TimeProvider time, params IEnumerable<int> ports)
    {
        var found = await Of(time, "127.0.0.1", ports).DiscoverAsync(null, TestContext.Current.CancellationToken);
        return [.. found.Resources.Select(resource => resource.Identity!)];
    }
}
