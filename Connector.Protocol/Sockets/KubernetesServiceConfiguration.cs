namespace Connector.Protocol.Sockets;

/// <summary>Socket type kubernetes.</summary>
public sealed record KubernetesServiceConfiguration
{
    /// <summary>standard or aws_eks.</summary>
    public string? KubernetesServiceType { get; init; }

    public Standard? StandardKubernetesServiceConfiguration { get; init; }

    public AwsEks? AwsEksKubernetesServiceConfiguration { get; init; }

    public bool? ImpersonationEnabled { get; init; }

    public sealed record Standard
    {
        public string? KubeconfigPath { get; init; }

        public string? Context { get; init; }

        public string? Server { get; init; }

        public string? CertificateAuthority { get; init; }

        public string? CertificateAuthorityData { get; init; }

        public string? ClientCertificate { get; init; }

        public string? ClientCertificateData { get; init; }

        public string? ClientKey { get; init; }

        public Secret? ClientKeyData { get; init; }

        public Secret? Token { get; init; }

        public string? TokenFile { get; init; }
    }

    public sealed record AwsEks
    {
        public string? EksClusterName { get; init; }

        public string? EksClusterRegion { get; init; }

        public AwsCredentials? AwsCredentials { get; init; }
    }
}
