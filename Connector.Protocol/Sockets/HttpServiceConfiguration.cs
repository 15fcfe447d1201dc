using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Socket type http.</summary>
public sealed record HttpServiceConfiguration
{
    /// <summary>standard or connector_file_server.</summary>
    public string? HttpServiceType { get; init; }

    public Standard? StandardHttpServiceConfiguration { get; init; }

    public FileServer? FileserverHttpServiceConfiguration { get; init; }

    public sealed record Standard
    {
        /// <summary>May be a variable reference, resolved on the connector.</summary>
        public string? Hostname { get; init; }

        public int? Port { get; init; }

        /// <summary>http or https.</summary>
        public string? Scheme { get; init; }

        public string? HostHeader { get; init; }

        public ImmutableArray<Header>? Headers { get; init; }
    }

    public sealed record Header
    {
        public string? Key { get; init; }

        /// <summary>Secret because it is often a credential.</summary>
        public Secret? Value { get; init; }
    }

    public sealed record FileServer
    {
        public string? TopLevelDirectory { get; init; }
    }
}
