namespace Connector.Protocol.Discovery;

public sealed record AwsEksClusterDetails : AwsResourceDetails
{
    public string ClusterName { get; init; } = "";

    public string KubernetesVersion { get; init; } = "";

    /// <summary>URL.</summary>
    public string Endpoint { get; init; } = "";

    public string VpcId { get; init; } = "";

    /// <summary>Absent when it was not checked.</summary>
    public bool? EndpointReachable { get; init; }

    internal override string DisplayName => ClusterName;
}
