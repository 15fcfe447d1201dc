namespace Connector.Host.Configuration;

/// <summary>Environment variables that override the file.</summary>
public static class EnvironmentNames
{
    public const string Token = "BORDER0_TOKEN";

    /// <summary>The credential of an edge of its own.</summary>
    public const string EdgeToken = "BORDER0_EDGE_TOKEN";

    /// <summary>Where such an edge reaches its control plane, when that is not what its credential names.</summary>
    public const string EdgeServer = "BORDER0_EDGE_SERVER";
    public const string ConfigFile = "BORDER0_CONFIG_FILE";
    public const string ConnectorServer = "BORDER0_CONNECTOR_SERVER";
    public const string ConnectorInsecure = "BORDER0_CONNECTOR_INSECURE_TRANSPORT";
    public const string TunnelAddress = "BORDER0_TUNNEL_ADDRESS";
    public const string TunnelServer = "BORDER0_TUNNEL_SERVER";
    public const string LogLevel = "BORDER0_LOG_LEVEL";
    /// <summary>For <c>drill</c>: ends in /api/v1.</summary>
    public const string ApiUrl = "BORDER0_API_URL";

    /// <summary>For <c>drill</c>.</summary>
    public const string AdminToken = "BORDER0_ADMIN_TOKEN";
    public const string ClusterBind = "BORDER0_CLUSTER_BIND";
    public const string ClusterAdvertised = "BORDER0_CLUSTER_ADVERTISED";

    /// <summary>Separated by commas.</summary>
    public const string ClusterPeers = "BORDER0_CLUSTER_PEERS";
    public const string ClusterTlsCertificate = "BORDER0_CLUSTER_TLS_CERTIFICATE";
    public const string ClusterTlsKey = "BORDER0_CLUSTER_TLS_KEY";
    public const string ClusterTlsAuthority = "BORDER0_CLUSTER_TLS_CA";
    public const string VariablePrefix = "BORDER0_VAR_";

    /// <summary>Set by systemd.</summary>
    public const string StateDirectory = "STATE_DIRECTORY";

    /// <summary>Set by systemd.</summary>
    public const string CredentialsDirectory = "CREDENTIALS_DIRECTORY";
}
