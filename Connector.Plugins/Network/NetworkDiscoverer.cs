using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Network;

/// <summary>The servers of one target of a network scan.</summary>
/// <param name="mostAddresses">More are refused, whatever the target's name means at the time.</param>
internal sealed class NetworkDiscoverer(
    string discoveryId, ScanTargetText target, ImmutableArray<int> ports, int mostAddresses, ProbeBudget budget, TimeProvider time) : IDiscoverer
{
    private const string Doing = "addresses and ports";

    public string DiscoveryId => discoveryId;

    public async Task<Discovery> DiscoverAsync(IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var addresses = await ScanAddresses.OfAsync(target, mostAddresses, time, cancellationToken).ConfigureAwait(false);
        var probes = new ProbeSequence(addresses.Ranges, ports);
        progress?.Report(new DiscoveryProgress(Doing, 0, probes.Total, 0));
        var scan = new NetworkScan(
            probes,
            budget,
            addresses.HostName,
            time,
            progress is null ? null : (done, found) => progress.Report(new DiscoveryProgress(Doing, done, probes.Total, found)));
        await scan.RunAsync(cancellationToken).ConfigureAwait(false);
        if (probes.Total > 0 && scan.Unreached + scan.Untried >= probes.Total)
        {
            throw new DiscoveryException(
                DiscoveryFailure.Unreachable,
                $"{discoveryId}: nothing could be tried: this machine has {(scan.Unreached > 0 ? "no route to the target; check its network (ip route)" : "no sockets left; raise the limit of open files")}");
        }

        var at = scan.Found.Select(static one => one.At.Address).Distinct().ToList();
        progress?.Report(new DiscoveryProgress("host names", probes.Total, probes.Total, scan.Found.Count));
        var (names, isWhole) = await new ReverseNames(time).OfAsync(at, cancellationToken).ConfigureAwait(false);
        return new Discovery(
            [.. scan.Found.OrderBy(static one => one.At.ToString(), StringComparer.Ordinal).Select(one => Resource(one.At, one.Type, names))],
            [
                .. addresses.Warnings,
                .. scan.Unreached == 0 ? [] : (string[])[$"To {scan.Unreached} of {probes.Total} addresses and ports there is no route from here"],
                .. isWhole ? [] : (string[])["The name server did not answer in time; host names are missing"],
            ],
            [
                .. scan.Untried == 0 ? [] : (string[])[$"{scan.Untried} of {probes.Total} addresses and ports were not tried: no sockets were left; raise the limit of open files, or lower max_in_flight"],
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
