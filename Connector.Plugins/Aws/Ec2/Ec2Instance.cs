using Amazon.EC2.Model;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Aws.Ec2;

/// <summary>From EC2's words to ours.</summary>
internal static class Ec2Instance
{
    public static AwsEc2InstanceDetails Details(Instance instance, AwsSession session) => new()
    {
        AwsAccountId = session.Account,
        AwsRegion = session.Region,
        AwsArn = string.IsNullOrEmpty(instance.InstanceId) ? "" : session.Arn("ec2", $"instance/{instance.InstanceId}"),
        Tags = AwsScan.Tags((instance.Tags ?? []).Select(static tag => ((string?)tag.Key, (string?)tag.Value))),
        InstanceId = instance.InstanceId ?? "",
        AmiId = instance.ImageId ?? "",
        VpcId = instance.VpcId ?? "",
        SubnetId = instance.SubnetId ?? "",
        AvailabilityZone = instance.Placement?.AvailabilityZone ?? "",
        PrivateDnsName = instance.PrivateDnsName ?? "",
        PrivateIpAddress = instance.PrivateIpAddress ?? "",
        PublicDnsName = instance.PublicDnsName ?? "",
        PublicIpAddress = instance.PublicIpAddress ?? "",
        Ipv6Address = Ipv6(instance),
        InstanceType = instance.InstanceType?.Value ?? "",
        InstanceState = instance.State?.Name?.Value ?? "",
    };

    private static string? Ipv6(Instance instance)
    {
        string?[] known =
        [
            instance.Ipv6Address,
            .. (instance.NetworkInterfaces ?? []).SelectMany(static one => one.Ipv6Addresses ?? []).Select(static one => one.Ipv6Address),
        ];
        return known.FirstOrDefault(static address => !string.IsNullOrEmpty(address));
    }
}
