namespace Connector.Protocol.Discovery;

public sealed record AwsRdsInstanceDetails : AwsResourceDetails
{
    public string DbInstanceIdentifier { get; init; } = "";

    public string DbInstanceStatus { get; init; } = "";

    public string Engine { get; init; } = "";

    public string EngineVersion { get; init; } = "";

    public string VpcId { get; init; } = "";

    public string DbSubnetGroupName { get; init; } = "";

    public string EndpointAddress { get; init; } = "";

    /// <summary>-1 while it has none.</summary>
    public int EndpointPort { get; init; } = -1;

    /// <summary>Absent when it was not checked.</summary>
    public bool? NetworkReachable { get; init; }

    internal override string DisplayName => Tagged(DbInstanceIdentifier);
}
