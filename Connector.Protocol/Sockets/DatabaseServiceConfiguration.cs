namespace Connector.Protocol.Sockets;

/// <summary>Socket type database.</summary>
public sealed record DatabaseServiceConfiguration
{
    /// <summary>standard, aws_rds, gcp_cloudsql, azure_sql, aws_documentdb or mongodb_atlas.</summary>
    public string? DatabaseServiceType { get; init; }

    public Standard? StandardDatabaseServiceConfiguration { get; init; }

    public AwsRds? AwsRdsDatabaseServiceConfiguration { get; init; }

    public GcpCloudSql? GcpCloudsqlDatabaseServiceConfiguration { get; init; }

    public AzureSql? AzureSqlDatabaseServiceConfiguration { get; init; }

    public AwsDocumentDb? AwsDocumentdbDatabaseServiceConfiguration { get; init; }

    public MongoDbAtlas? MongodbAtlasDatabaseServiceConfiguration { get; init; }

    public sealed record Standard
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>mysql, postgres, mssql, cockroachdb, mongodb or aerospike.</summary>
        public string? Protocol { get; init; }

        public string? AuthenticationType { get; init; }

        public string? DatabaseName { get; init; }

        public Login? UsernameAndPasswordAuthConfiguration { get; init; }

        public TlsLogin? TlsAuthConfiguration { get; init; }

        public Login? KerberosConfiguration { get; init; }

        public Login? SqlAuthenticationConfiguration { get; init; }
    }

    public sealed record AwsRds
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>mysql, postgres, mssql, cockroachdb, mongodb or aerospike.</summary>
        public string? Protocol { get; init; }

        public string? AuthenticationType { get; init; }

        public string? DatabaseName { get; init; }

        public Login? UsernameAndPasswordAuthConfiguration { get; init; }

        public Iam? IamAuthConfiguration { get; init; }
    }

    public sealed record GcpCloudSql
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>mysql, postgres, mssql, cockroachdb, mongodb or aerospike.</summary>
        public string? Protocol { get; init; }

        public string? DatabaseName { get; init; }

        public Login? UsernameAndPasswordAuthConfiguration { get; init; }

        public TlsLogin? TlsAuthConfiguration { get; init; }

        public CloudSqlConnector? CloudsqlConnectorConfiguration { get; init; }

        public CloudSqlConnector? CloudsqlConnectorIamConfiguration { get; init; }
    }

    public sealed record AzureSql
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>mysql, postgres, mssql, cockroachdb, mongodb or aerospike.</summary>
        public string? Protocol { get; init; }

        public string? AuthenticationType { get; init; }

        public string? DatabaseName { get; init; }

        public Login? AzureActiveDirectoryPasswordConfiguration { get; init; }

        public Integrated? AzureActiveDirectoryIntegratedConfiguration { get; init; }

        public Login? KerberosConfiguration { get; init; }

        public Login? SqlAuthenticationConfiguration { get; init; }
    }

    public sealed record AwsDocumentDb
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>mysql, postgres, mssql, cockroachdb, mongodb or aerospike.</summary>
        public string? Protocol { get; init; }

        public string? AuthenticationType { get; init; }

        public string? DatabaseName { get; init; }

        public Login? UsernameAndPasswordAuthConfiguration { get; init; }

        public Iam? IamAuthConfiguration { get; init; }
    }

    public sealed record MongoDbAtlas
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        /// <summary>mysql, postgres, mssql, cockroachdb, mongodb or aerospike.</summary>
        public string? Protocol { get; init; }

        public string? AuthenticationType { get; init; }

        public string? DatabaseName { get; init; }

        public Login? UsernameAndPasswordAuthConfiguration { get; init; }

        public Iam? IamAuthConfiguration { get; init; }
    }

    public sealed record Login
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public Secret? Password { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? CaCertificate { get; init; }
    }

    public sealed record TlsLogin
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public Secret? Password { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Certificate { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public Secret? Key { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? CaCertificate { get; init; }
    }

    public sealed record Iam
    {
        public AwsCredentials? AwsCredentials { get; init; }

        public string? RdsInstanceRegion { get; init; }

        public string? ClusterRegion { get; init; }

        public string? Username { get; init; }

        public string? CaCertificate { get; init; }
    }

    public sealed record CloudSqlConnector
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Username { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public Secret? Password { get; init; }

        public string? InstanceId { get; init; }

        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public Secret? GcpCredentialsJson { get; init; }
    }

    public sealed record Integrated
    {
    }
}
