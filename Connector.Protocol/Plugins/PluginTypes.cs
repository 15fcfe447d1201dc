using System.Collections.Immutable;

namespace Connector.Protocol.Plugins;

/// <summary>Values of <c>plugin_type</c>.</summary>
public static class PluginTypes
{
    public const string AwsEc2 = "aws_ec2_discovery";
    public const string AwsEcs = "aws_ecs_discovery";
    public const string AwsEks = "aws_eks_discovery";
    public const string AwsRds = "aws_rds_discovery";
    public const string Docker = "docker_discovery";
    public const string Kubernetes = "kubernetes_discovery";
    public const string Network = "network_discovery";

    public static readonly ImmutableArray<string> All = [AwsEc2, AwsEcs, AwsEks, AwsRds, Docker, Kubernetes, Network];

    /// <summary>The one key of a configuration of this type.</summary>
    public static string ConfigurationKey(string type) => $"{type}_plugin_configuration";
}
