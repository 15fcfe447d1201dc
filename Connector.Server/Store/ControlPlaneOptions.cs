using System.Collections.Immutable;

namespace Connector.Server.Store;

/// <summary>What the control plane's store, API and feed need to know of the server they run in.</summary>
public sealed class ControlPlaneOptions
{
    /// <summary>Holds control.db; made with mode 0700 when it is missing.</summary>
    public required string DataDirectory { get; set; }

    /// <summary>Name of the one organization, used when the store is made.</summary>
    public string OrganizationName { get; set; } = "default";

    /// <summary>What replicas dial, for example https://border0.example.com:8443. Without it no connector token can be made.</summary>
    public Uri? PublicUrl { get; set; }

    /// <summary>Written into connector tokens: "sha256/" + base64; empty when the server's certificate is publicly trusted.</summary>
    public ImmutableArray<string> CaPins { get; set; } = [];

    /// <summary>Host name or address that end users dial, the first part of a socket's <c>endpoint</c>.</summary>
    public string EdgePublicHost { get; set; } = "localhost";

    /// <summary>First and last port that sockets without a port of their own are given.</summary>
    public (int First, int Last) EdgePorts { get; set; } = (20000, 20099);

    /// <summary>Whole seconds, above 0.</summary>
    public TimeSpan HeartbeatInterval { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Bytes of one connector's whole configuration on the control stream; a socket that would go beyond it is refused with 412. A client takes messages of
    /// 4 MiB, the rest is room for the connector's own part. A plain socket takes some 500 bytes, so this is about 7,000 of them.
    /// </summary>
    public int MaxConfigurationBytes { get; set; } = 3_670_016;

    /// <summary>Newest log records kept for each connector; older ones are deleted in batches, so up to a twentieth more may be there.</summary>
    public int LogsKeptPerConnector { get; set; } = 100_000;

    /// <summary>
    /// Records of ended sessions kept for each connector. Oldest go first, in batches, so up to a twentieth more may be there. A record takes some 500
    /// bytes with its indexes.
    /// </summary>
    public int SessionsKeptPerConnector { get; set; } = 100_000;

    /// <summary>Older records of sessions are not shown any more, and deleted within an hour: they name people's addresses.</summary>
    public TimeSpan SessionsKeptFor { get; set; } = TimeSpan.FromDays(30);

    /// <summary>How long a write waits for another process that has the database locked.</summary>
    public TimeSpan BusyTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Upper bound of the database file in pages of 4 KiB; 0 means the disk is the bound.</summary>
    public int MaxDatabasePages { get; set; }

    public string DatabasePath => Path.Combine(DataDirectory, "control.db");
}
