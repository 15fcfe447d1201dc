namespace Connector.Protocol.Sockets;

/// <summary>What a socket leads to: <c>service_type</c> and exactly one <c>&lt;type&gt;_service_configuration</c>.</summary>
public sealed record UpstreamConfiguration
{
    public string? ServiceType { get; init; }

    public HttpServiceConfiguration? HttpServiceConfiguration { get; init; }

    public SshServiceConfiguration? SshServiceConfiguration { get; init; }

    public DatabaseServiceConfiguration? DatabaseServiceConfiguration { get; init; }

    public TlsServiceConfiguration? TlsServiceConfiguration { get; init; }

    public VncServiceConfiguration? VncServiceConfiguration { get; init; }

    public RdpServiceConfiguration? RdpServiceConfiguration { get; init; }

    public VpnServiceConfiguration? VpnServiceConfiguration { get; init; }

    public KubernetesServiceConfiguration? KubernetesServiceConfiguration { get; init; }

    public SubnetRouterServiceConfiguration? SubnetRouterServiceConfiguration { get; init; }

    public ExitNodeServiceConfiguration? ExitNodeServiceConfiguration { get; init; }

    public ElasticsearchServiceConfiguration? ElasticsearchServiceConfiguration { get; init; }

    public SnowflakeServiceConfiguration? SnowflakeServiceConfiguration { get; init; }

    public AwsS3ServiceConfiguration? AwsS3ServiceConfiguration { get; init; }

    public AwsAccessServiceConfiguration? AwsAccessServiceConfiguration { get; init; }
}
