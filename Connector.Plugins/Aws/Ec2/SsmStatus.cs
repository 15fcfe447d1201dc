using Amazon.SimpleSystemsManagement;
using Amazon.SimpleSystemsManagement.Model;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Aws.Ec2;

/// <summary>Whether Systems Manager reaches the agents on instances. A detail: instances are listed without it too.</summary>
internal static class SsmStatus
{
    private const int PageSize = 50;

    private static readonly TimeSpan Fresh = TimeSpan.FromMinutes(10);

    public static async Task<IReadOnlyList<AwsEc2InstanceDetails>> OfAsync(AwsScan scan, IReadOnlyList<AwsEc2InstanceDetails> instances)
    {
        var known = new Dictionary<string, bool>(StringComparer.Ordinal);
        try
        {
            using var ssm = new AmazonSimpleSystemsManagementClient(
                scan.Session.Credentials, scan.Session.Configure(new AmazonSimpleSystemsManagementConfig(), "SSM"));
            await scan.PagesAsync("instances known to Systems Manager", async token =>
            {
                var request = new DescribeInstanceInformationRequest { MaxResults = PageSize, NextToken = token };
                var page = await scan.Session.CallAsync(
                    "Asking Systems Manager about the instances", "ssm:DescribeInstanceInformation",
                    cancellation => ssm.DescribeInstanceInformationAsync(request, cancellation), scan.CancellationToken).ConfigureAwait(false);
                foreach (var agent in page.InstanceInformationList ?? [])
                {
                    if (agent.InstanceId is { Length: > 0 } id && known.Count < scan.Limits.Resources)
                    {
                        known[id] = agent.PingStatus == PingStatus.Online && agent.LastPingDateTime is { } ping
                            && scan.Time.GetUtcNow() - ping.ToUniversalTime() <= Fresh;
                    }
                }

                scan.Report($"Systems Manager ({scan.Session.Access.Place})");
                return page.NextToken;
            }).ConfigureAwait(false);
        }
        catch (DiscoveryException failure)
        {
            scan.Warn($"The Systems Manager status of the instances is not known. {failure.Message}");
            return instances;
        }

        return
        [
            .. instances.Select(instance => instance with
            {
                SsmStatus = known.TryGetValue(instance.InstanceId, out var online) ? online ? "online" : "offline" : "not_associated",
            }),
        ];
    }
}
