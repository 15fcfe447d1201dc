using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Network;

/// <summary>The servers of one target of a network scan.</summary>
/// <param name="resolve">What the target means now.</param>
/// <param name="open">A socket of a family; null: the system's.</param>
internal sealed class NetworkDiscoverer(
    string discoveryId,
    Func<CancellationToken, Task<ScanAddresses>> resolve,
    ImmutableArray<int> ports,
    ProbeBudget budget,
    PluginEnvironment environment,
    Func<AddressFamily, Socket>? open = null) : IDiscoverer
{
    private const string Doing = "addresses and ports";

    private readonly Func<AddressFamily, Socket> open = open ?? (static family => new Socket(family, SocketType.Stream, ProtocolType.Tcp));

    public string DiscoveryId => discoveryId;

    public async Task<Discovery> DiscoverAsync(IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var addresses = await resolve(cancellationToken).ConfigureAwait(false);
        var probes = new ProbeSequence(addresses.Ranges, ports);
        progress?.Report(new DiscoveryProgress(Doing, 0, probes.Total, 0));
        var scan = new NetworkScan(
            probes,
            budget,
            addresses.HostName,
            environment.Forbids,
            LocalNetworks.OfThisMachine(),
            open,
            environment.Time,
            progress is null ? null : (done, found) => progress.Report(new DiscoveryProgress(Doing, done, probes.Total, found)));
        await scan.RunAsync(cancellationToken).ConfigureAwait(false);
        var what = new ScanObstacles(scan, probes.Total, addresses.Ranges.Any(static range => range.Family == AddressFamily.InterNetwork));
        if (what.Failure is { } failure)
        {
            throw new DiscoveryException(failure.Kind, $"{discoveryId}: nothing could be tried: {failure.Why}");
        }

        var at = scan.Found.Select(static one => one.At.Address).Distinct().ToList();
        progress?.Report(new DiscoveryProgress("host names", probes.Total, probes.Total, scan.Found.Count));
        var (names, isWhole) = await new ReverseNames(environment.Time).OfAsync(at, cancellationToken).ConfigureAwait(false);
        return new Discovery(
            [.. scan.Found.OrderBy(static one => one.At.ToString(), StringComparer.Ordinal).Select(one => Resource(one.At, one.Type, names))],
            [
                .. addresses.Warnings,
                .. what.Warnings,
                .. isWhole ? [] : (string[])["The name server did not answer in time; host names are missing"],
            ],
            [
                .. what.Gaps,
                .. scan.IsFull ? (string[])[$"More than {NetworkScan.MostFound} servers answer; the rest was not tried. Scan less"] : [],
            ]);
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private static DiscoveredResource Resource(IPEndPoint at, string type, IReadOnlyDictionary<IPAddress, ImmutableArray<string>> names) => new(
        type,
        new NetworkServerDetails
        {
            Hostnames = names.TryGetValue(at.Address, out var found) ? found : null,
            IpAddress = at.Address.ToString(),
            Port = at.Port.ToString(CultureInfo.InvariantCulture),
        });
}
