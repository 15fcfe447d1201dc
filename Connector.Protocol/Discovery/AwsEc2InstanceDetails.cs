namespace Connector.Protocol.Discovery;

public sealed record AwsEc2InstanceDetails : AwsResourceDetails
{
    public string InstanceId { get; init; } = "";

    public string AmiId { get; init; } = "";

    public string VpcId { get; init; } = "";

    public string SubnetId { get; init; } = "";

    public string AvailabilityZone { get; init; } = "";

    public string PrivateDnsName { get; init; } = "";

    public string PrivateIpAddress { get; init; } = "";

    public string PublicDnsName { get; init; } = "";

    public string PublicIpAddress { get; init; } = "";

    /// <summary>[ours]; absent when it has none.</summary>
    public string? Ipv6Address { get; init; }

    public string InstanceType { get; init; } = "";

    public string InstanceState { get; init; } = "";

    /// <summary>online, offline, not_checked or not_associated.</summary>
    public string SsmStatus { get; init; } = "not_checked";

    // These are absent where they were not checked.
    public bool? PrivateDnsNameReachable { get; init; }

    public bool? PrivateIpAddressReachable { get; init; }

    public bool? PublicDnsNameReachable { get; init; }

    public bool? PublicIpAddressReachable { get; init; }

    internal override string DisplayName => Tagged(InstanceId);
}
