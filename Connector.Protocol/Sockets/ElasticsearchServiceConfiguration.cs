namespace Connector.Protocol.Sockets;

/// <summary>Socket type elasticsearch.</summary>
public sealed record ElasticsearchServiceConfiguration
{
    /// <summary>standard.</summary>
    public string? ElasticsearchServiceType { get; init; }

    public Standard? StandardElasticsearchServiceConfiguration { get; init; }

    public sealed record Standard
    {
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>http or https.</summary>
        public string? Protocol { get; init; }

        public string? HostHeader { get; init; }

        /// <summary>basic.</summary>
        public string? AuthenticationType { get; init; }

        public BasicAuthentication? BasicAuthConfiguration { get; init; }
    }

    public sealed record BasicAuthentication
    {
        public string? Username { get; init; }

        public Secret? Password { get; init; }
    }
}
