using System.Collections.Immutable;

namespace Connector.Protocol.Discovery;

/// <summary>Values of <c>resource_type</c>.</summary>
public static class ResourceTypes
{
    public const string AwsEc2Instance = "aws_ec2_instance";
    public const string AwsEcsService = "aws_ecs_service";
    public const string AwsEksCluster = "aws_eks_cluster";
    public const string AwsRdsInstance = "aws_rds_instance";
    public const string KubernetesService = "kubernetes_service";
    public const string DockerContainer = "docker_container";
    public const string NetworkHttpServer = "network_http_server";
    public const string NetworkHttpsServer = "network_https_server";
    public const string NetworkMysqlServer = "network_mysql_server";
    public const string NetworkPostgresqlServer = "network_postgresql_server";
    public const string NetworkRdpServer = "network_rdp_server";
    public const string NetworkSshServer = "network_ssh_server";
    public const string NetworkVncServer = "network_vnc_server";

    public static readonly ImmutableArray<string> Network =
    [
        NetworkHttpServer, NetworkHttpsServer, NetworkMysqlServer, NetworkPostgresqlServer, NetworkRdpServer, NetworkSshServer, NetworkVncServer,
    ];

    public static readonly ImmutableArray<string> All =
    [
        AwsEc2Instance, AwsEcsService, AwsEksCluster, AwsRdsInstance, KubernetesService, DockerContainer, .. Network,
    ];

    /// <summary>The key of the resource's details.</summary>
    public static string DetailsKey(string resourceType) => $"{resourceType}_details";
}
