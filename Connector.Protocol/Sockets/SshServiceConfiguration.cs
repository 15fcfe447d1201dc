using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Socket type ssh.</summary>
public sealed record SshServiceConfiguration
{
    /// <summary>standard, connector_built_in_ssh_service, aws_ssm, aws_ec2_instance_connect, kubectl_exec or docker_exec.</summary>
    public string? SshServiceType { get; init; }

    public Standard? StandardSshServiceConfiguration { get; init; }

    public BuiltIn? BuiltInSshServiceConfiguration { get; init; }

    public AwsSsm? AwsSsmSshServiceConfiguration { get; init; }

    public AwsEc2InstanceConnect? AwsEc2icSshServiceConfiguration { get; init; }

    public KubectlExec? KubectlExecSshServiceConfiguration { get; init; }

    public DockerExec? DockerExecSshServiceConfiguration { get; init; }

    public sealed record Standard
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>username_and_password, private_key or border0_certificate.</summary>
        public string? SshAuthenticationType { get; init; }

        public UsernameAndPassword? UsernameAndPasswordAuthConfiguration { get; init; }

        public PrivateKeyLogin? PrivateKeyAuthConfiguration { get; init; }

        public Border0Certificate? Border0CertificateAuthConfiguration { get; init; }
    }

    public sealed record UsernameAndPassword
    {
        public string? UsernameProvider { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public Secret? Password { get; init; }
    }

    public sealed record PrivateKeyLogin
    {
        public string? UsernameProvider { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }

        /// <summary>PEM. May be a variable reference, resolved on the connector.</summary>
        public Secret? PrivateKey { get; init; }
    }

    public sealed record Border0Certificate
    {
        public string? UsernameProvider { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }
    }

    public sealed record BuiltIn
    {
        /// <summary>defined, prompt_client or use_connector_user.</summary>
        public string? UsernameProvider { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }
    }

    public sealed record AwsSsm
    {
        /// <summary>ec2 or ecs.</summary>
        public string? SsmTargetType { get; init; }

        public AwsSsmEc2Target? AwsSsmEc2TargetConfiguration { get; init; }

        public AwsSsmEcsTarget? AwsSsmEcsTargetConfiguration { get; init; }
    }

    public sealed record AwsSsmEc2Target
    {
        public string? Ec2InstanceId { get; init; }

        public string? Ec2InstanceRegion { get; init; }

        public AwsCredentials? AwsCredentials { get; init; }
    }

    public sealed record AwsSsmEcsTarget
    {
        public string? EcsClusterRegion { get; init; }

        public string? EcsClusterName { get; init; }

        public string? EcsServiceName { get; init; }

        public AwsCredentials? AwsCredentials { get; init; }
    }

    public sealed record AwsEc2InstanceConnect
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        public string? UsernameProvider { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }

        public string? Ec2InstanceId { get; init; }

        public string? Ec2InstanceRegion { get; init; }

        public string? Ec2InstanceConnectEndpointId { get; init; }

        public AwsCredentials? AwsCredentials { get; init; }
    }

    public sealed record KubectlExec
    {
        /// <summary>standard or aws_eks.</summary>
        public string? KubectlExecTargetType { get; init; }

        public StandardKubectlExecTarget? StandardKubectlExecTargetConfiguration { get; init; }

        public AwsEksKubectlExecTarget? AwsEksKubectlExecTargetConfiguration { get; init; }

        public ImmutableArray<string>? NamespaceAllowlist { get; init; }

        /// <summary>Namespace to label to values.</summary>
        public ImmutableDictionary<string, ImmutableDictionary<string, ImmutableArray<string>>>? NamespaceSelectorsAllowlist { get; init; }
    }

    public sealed record StandardKubectlExecTarget
    {
        public string? MasterUrl { get; init; }

        public string? KubeconfigPath { get; init; }
    }

    public sealed record AwsEksKubectlExecTarget
    {
        public string? EksClusterName { get; init; }

        public string? EksClusterRegion { get; init; }

        public AwsCredentials? AwsCredentials { get; init; }
    }

    public sealed record DockerExec
    {
        public ImmutableArray<string>? ContainerNameAllowlist { get; init; }
    }
}
