using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Eks;

/// <summary>Clusters of one region.</summary>
internal sealed class EksDiscoverer(AwsAccess access, AwsEksDiscoveryConfiguration configuration, Func<AwsSession, IEksApi>? api = null)
    : AwsDiscoverer(access, "eks")
{
    private const int EndpointsAtOnce = 16;

    private readonly ResourceFilter filter = new(configuration.IncludeWithTags, configuration.ExcludeWithTags);
    private readonly Func<AwsSession, IEksApi> api = api ?? (static session => new EksApi(new AwsHttpClient(session, "eks")));

    protected override async Task ReadAsync(AwsScan scan)
    {
        var eks = api(scan.Session);
        var names = new List<string>();
        await scan.PagesAsync("clusters", async token =>
        {
            var page = await scan.Session.CallAsync(
                "Listing the clusters", "eks:ListClusters", cancellation => eks.ListClustersAsync(token, cancellation), scan.CancellationToken).ConfigureAwait(false);
            names.AddRange(page.Clusters);
            scan.Report($"clusters ({scan.Session.Access.Place})");
            return page.Token;
        }).ConfigureAwait(false);

        var found = new List<AwsEksClusterDetails>();
        await scan.ClustersAsync(
            names,
            async name =>
            {
                var cluster = await DescribeAsync(scan, eks, name).ConfigureAwait(false);
                if (filter.Passes(cluster.Tags))
                {
                    found.Add(cluster);
                }
            },
            static name => $"The cluster {AwsScan.Short(name)} is not listed.").ConfigureAwait(false);
        foreach (var cluster in await CheckAsync(scan, found).ConfigureAwait(false))
        {
            scan.Add(new DiscoveredResource(ResourceTypes.AwsEksCluster, cluster));
        }
    }

    private static async Task<AwsEksClusterDetails> DescribeAsync(AwsScan scan, IEksApi eks, string name)
    {
        var cluster = await scan.Session.CallAsync(
            $"Describing the cluster {AwsScan.Short(name)}", "eks:DescribeCluster", token => eks.DescribeClusterAsync(name, token), scan.CancellationToken).ConfigureAwait(false);
        scan.Report($"clusters ({scan.Session.Access.Place})");
        return new AwsEksClusterDetails
        {
            AwsAccountId = scan.Session.Account,
            AwsRegion = scan.Session.Region,
            AwsArn = cluster.Arn is { Length: > 0 } arn ? arn : scan.Session.Arn("eks", $"cluster/{name}"),
            Tags = cluster.Tags,
            ClusterName = cluster.Name is { Length: > 0 } own ? own : name,
            KubernetesVersion = cluster.Version ?? "",
            Endpoint = cluster.Endpoint ?? "",
            VpcId = cluster.VpcId ?? "",
        };
    }

    private static async Task<IReadOnlyList<AwsEksClusterDetails>> CheckAsync(AwsScan scan, List<AwsEksClusterDetails> clusters)
    {
        var answers = clusters.ToArray();
        await Parallel.ForEachAsync(
            Enumerable.Range(0, answers.Length),
            new ParallelOptions { MaxDegreeOfParallelism = EndpointsAtOnce, CancellationToken = scan.CancellationToken },
            async (index, token) =>
            {
                if (answers[index].Endpoint.Length > 0)
                {
                    answers[index] = answers[index] with { EndpointReachable = await EndpointReach.AnswersAsync(answers[index].Endpoint, scan.Session.Access.Environment.Forbids, scan.Time, token).ConfigureAwait(false) };
                }
            }).ConfigureAwait(false);
        return answers;
    }
}
