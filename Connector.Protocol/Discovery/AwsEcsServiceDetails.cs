namespace Connector.Protocol.Discovery;

public sealed record AwsEcsServiceDetails : AwsResourceDetails
{
    public string ServiceName { get; init; } = "";

    public string ClusterArn { get; init; } = "";

    public string ClusterName { get; init; } = "";

    public string TaskDefinition { get; init; } = "";

    public bool EnableExecuteCommand { get; init; }

    internal override string DisplayName => ServiceName;
}
