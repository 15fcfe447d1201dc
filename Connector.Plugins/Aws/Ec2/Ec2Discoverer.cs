using Amazon.EC2;
using Amazon.EC2.Model;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Plugins.Aws.Ec2;

/// <summary>Instances of one region.</summary>
internal sealed class Ec2Discoverer(AwsAccess access, AwsEc2DiscoveryConfiguration configuration) : AwsDiscoverer(access, "ec2")
{
    private const int PageSize = 1_000;

    private readonly ResourceFilter filter = new(configuration.IncludeWithTags, configuration.ExcludeWithTags);
    private readonly HashSet<string> states = [.. configuration.IncludeWithStates is { IsDefault: false } named ? named : []];
    private readonly Ec2Reachability reachability = new();

    protected override async Task ReadAsync(AwsScan scan)
    {
        var instances = await InstancesAsync(scan).ConfigureAwait(false);
        if (configuration.CheckSsmStatus is true && instances.Count > 0)
        {
            instances = await SsmStatus.OfAsync(scan, instances).ConfigureAwait(false);
        }

        foreach (var instance in await reachability.CheckAsync(scan, instances).ConfigureAwait(false))
        {
            scan.Add(new DiscoveredResource(ResourceTypes.AwsEc2Instance, instance));
        }
    }

    private async Task<IReadOnlyList<AwsEc2InstanceDetails>> InstancesAsync(AwsScan scan)
    {
        var found = new List<AwsEc2InstanceDetails>();
        var stateless = 0;
        using var ec2 = new AmazonEC2Client(scan.Session.Credentials, scan.Session.Configure(new AmazonEC2Config(), "EC2"));
        await scan.PagesAsync("instances", async token =>
        {
            var request = new DescribeInstancesRequest
            {
                MaxResults = PageSize,
                NextToken = token,
                Filters = states.Count > 0 ? [new Filter("instance-state-name", [.. states])] : null,
            };
            var page = await scan.Session.CallAsync("Listing the instances", "ec2:DescribeInstances", Ask, scan.CancellationToken).ConfigureAwait(false);
            foreach (var instance in (page.Reservations ?? []).SelectMany(static reservation => reservation.Instances ?? []))
            {
                var details = Ec2Instance.Details(instance, scan.Session);
                if (details.InstanceState.Length == 0)
                {
                    stateless++;
                }
                else if ((states.Count == 0 || states.Contains(details.InstanceState)) && filter.Passes(details.Tags) && found.Count <= scan.Limits.Resources)
                {
                    found.Add(details);
                }
            }

            scan.Report($"instances ({scan.Session.Access.Place})");
            return page.NextToken;

            // The client reads any XML; a stranger's page must not pass for an account without instances.
            async Task<DescribeInstancesResponse> Ask(CancellationToken cancellation)
            {
                var answer = await ec2.DescribeInstancesAsync(request, cancellation).ConfigureAwait(false);
                return answer.Reservations is not null || answer.ResponseMetadata?.RequestId is { Length: > 0 }
                    ? answer
                    : throw new MalformedAnswerException("the answer has neither a reservationSet nor a requestId");
            }
        }).ConfigureAwait(false);
        if (stateless > 0)
        {
            scan.Gap($"{stateless} instances came without a state and are left out");
        }

        return found;
    }
}
