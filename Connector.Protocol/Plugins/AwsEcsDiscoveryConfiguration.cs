namespace Connector.Protocol.Plugins;

/// <summary>Plugin type aws_ecs_discovery.</summary>
public sealed record AwsEcsDiscoveryConfiguration : AwsDiscoveryConfiguration;
