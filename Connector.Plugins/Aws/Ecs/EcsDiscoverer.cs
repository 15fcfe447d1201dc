using System.Collections.Immutable;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Ecs;

/// <summary>Services of all clusters of one region.</summary>
internal sealed class EcsDiscoverer(AwsAccess access, AwsEcsDiscoveryConfiguration configuration, Func<AwsSession, IEcsApi>? api = null)
    : AwsDiscoverer(access, "ecs")
{
    /// <summary>More are refused.</summary>
    private const int DescribedAtOnce = 10;

    private readonly ResourceFilter filter = new(configuration.IncludeWithTags, configuration.ExcludeWithTags);
    private readonly Func<AwsSession, IEcsApi> api = api ?? (static session => new EcsApi(new AwsHttpClient(session, "ecs")));

    protected override async Task ReadAsync(AwsScan scan)
    {
        var ecs = api(scan.Session);
        var clusters = new List<string>();
        await scan.PagesAsync("clusters", async token =>
        {
            var page = await scan.Session.CallAsync(
                "Listing the clusters", "ecs:ListClusters", cancellation => ecs.ListClustersAsync(token, cancellation), scan.CancellationToken).ConfigureAwait(false);
            clusters.AddRange(page.Arns);
            scan.Report($"clusters ({scan.Session.Access.Place})");
            return page.Token;
        }).ConfigureAwait(false);

        await scan.ClustersAsync(
            [.. clusters.Distinct(StringComparer.Ordinal)], cluster => ReadAsync(scan, ecs, cluster),
            static cluster => $"The cluster {Short(cluster)} could not be read to the end.").ConfigureAwait(false);
    }

    private async Task ReadAsync(AwsScan scan, IEcsApi ecs, string cluster)
    {
        await scan.PagesAsync($"services of {Short(cluster)}", async token =>
        {
            var page = await scan.Session.CallAsync(
                $"Listing the services of the cluster {Short(cluster)}", "ecs:ListServices",
                cancellation => ecs.ListServicesAsync(cluster, token, cancellation), scan.CancellationToken).ConfigureAwait(false);
            foreach (var some in page.Arns.Chunk(DescribedAtOnce))
            {
                await DescribeAsync(scan, ecs, cluster, [.. some]).ConfigureAwait(false);
            }

            return page.Token;
        }).ConfigureAwait(false);
    }

    private async Task DescribeAsync(AwsScan scan, IEcsApi ecs, string cluster, ImmutableArray<string> arns)
    {
        var described = await scan.Session.CallAsync(
            $"Describing services of the cluster {Short(cluster)}", "ecs:DescribeServices",
            token => ecs.DescribeServicesAsync(cluster, arns, token), scan.CancellationToken).ConfigureAwait(false);
        foreach (var service in described.Services)
        {
            var details = Details(service, cluster, scan.Session);
            // Deleted services stay visible for a while.
            if (service.Status != "INACTIVE" && filter.Passes(details.Tags))
            {
                scan.Add(new DiscoveredResource(ResourceTypes.AwsEcsService, details));
            }
        }

        foreach (var failure in described.Failures.Where(static failure => failure.Reason != "MISSING"))
        {
            scan.Gap($"ECS did not describe the service {Short(failure.Arn)}: {failure.Reason}{(failure.Detail.Length > 0 ? $" ({AwsScan.Short(failure.Detail)})" : "")}");
        }

        scan.Report($"services of {Short(cluster)} ({scan.Session.Access.Place})");
    }

    private static AwsEcsServiceDetails Details(EcsService service, string cluster, AwsSession session)
    {
        var arn = service.ClusterArn is { Length: > 0 } own ? own : cluster;
        return new AwsEcsServiceDetails
        {
            AwsAccountId = session.Account,
            AwsRegion = session.Region,
            AwsArn = service.Arn ?? "",
            Tags = service.Tags,
            ServiceName = service.Name ?? "",
            ClusterArn = arn,
            ClusterName = arn[(arn.LastIndexOf('/') + 1)..],
            TaskDefinition = service.TaskDefinition ?? "",
            EnableExecuteCommand = service.EnableExecuteCommand,
        };
    }

    private static string Short(string arn) => AwsScan.Short(arn[(arn.LastIndexOf('/') + 1)..]);
}
