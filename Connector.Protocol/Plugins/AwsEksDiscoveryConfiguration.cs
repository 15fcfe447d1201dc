namespace Connector.Protocol.Plugins;

/// <summary>Plugin type aws_eks_discovery.</summary>
public sealed record AwsEksDiscoveryConfiguration : AwsDiscoveryConfiguration;
