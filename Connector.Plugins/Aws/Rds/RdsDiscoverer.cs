using Connector.Plugins.Reachability;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Rds;

/// <summary>Database instances of one region.</summary>
internal sealed class RdsDiscoverer(AwsAccess access, AwsRdsDiscoveryConfiguration configuration, Func<AwsSession, IRdsApi>? api = null)
    : AwsDiscoverer(access, "rds")
{
    private const int InstancesAtOnce = 64;

    private readonly ResourceFilter filter = new(configuration.IncludeWithTags, configuration.ExcludeWithTags);
    private readonly HashSet<string> statuses = [.. configuration.IncludeWithStatuses is { IsDefault: false } named ? named : []];
    private readonly Func<AwsSession, IRdsApi> api = api ?? (static session => new RdsApi(new AwsHttpClient(session, "rds")));

    protected override async Task ReadAsync(AwsScan scan)
    {
        var rds = api(scan.Session);
        var found = new List<AwsRdsInstanceDetails>();
        await scan.PagesAsync("database instances", async marker =>
        {
            var page = await scan.Session.CallAsync(
                "Listing the database instances", "rds:DescribeDBInstances", token => rds.DescribeDbInstancesAsync(marker, token), scan.CancellationToken).ConfigureAwait(false);
            foreach (var instance in page.Instances)
            {
                var details = Details(instance, scan.Session);
                if ((statuses.Count == 0 || statuses.Contains(details.DbInstanceStatus)) && filter.Passes(details.Tags) && found.Count <= scan.Limits.Resources)
                {
                    found.Add(details);
                }
            }

            scan.Report($"database instances ({scan.Session.Access.Place})");
            return page.Marker;
        }).ConfigureAwait(false);

        foreach (var instance in await CheckAsync(scan, found).ConfigureAwait(false))
        {
            scan.Add(new DiscoveredResource(ResourceTypes.AwsRdsInstance, instance));
        }
    }

    private static async Task<IReadOnlyList<AwsRdsInstanceDetails>> CheckAsync(AwsScan scan, List<AwsRdsInstanceDetails> found)
    {
        var reached = found.ToArray();
        using var limit = new TimeLimit(scan.Limits.Reachability, scan.Time, scan.CancellationToken);
        using var reach = new TcpReach(scan.Time, scan.Session.Access.Environment.Forbids);
        try
        {
            await Parallel.ForEachAsync(
                Enumerable.Range(0, reached.Length),
                new ParallelOptions { MaxDegreeOfParallelism = InstancesAtOnce, CancellationToken = limit.Token },
                async (index, token) =>
                {
                    var instance = reached[index];
                    if (instance is { EndpointAddress.Length: > 0, EndpointPort: > 0 })
                    {
                        reached[index] = instance with
                        {
                            NetworkReachable = await reach.AnyAsync(instance.EndpointAddress, [instance.EndpointPort], token).ConfigureAwait(false),
                        };
                    }
                }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!scan.CancellationToken.IsCancellationRequested)
        {
            scan.Warn($"The reachability of some database instances is not known: {scan.Limits.Reachability.TotalSeconds:0} s were not enough");
        }

        return reached;
    }

    private static AwsRdsInstanceDetails Details(RdsInstance instance, AwsSession session) => new()
    {
        AwsAccountId = session.Account,
        AwsRegion = session.Region,
        AwsArn = instance.Arn is { Length: > 0 } arn ? arn
            : instance.Identifier is { Length: > 0 } identifier ? session.Arn("rds", $"db:{identifier}")
            : "",
        Tags = instance.Tags,
        DbInstanceIdentifier = instance.Identifier ?? "",
        DbInstanceStatus = instance.Status ?? "",
        Engine = instance.Engine ?? "",
        EngineVersion = instance.EngineVersion ?? "",
        VpcId = instance.VpcId ?? "",
        DbSubnetGroupName = instance.SubnetGroup ?? "",
        EndpointAddress = instance.Address ?? "",
        EndpointPort = instance.Port ?? -1,
    };
}
