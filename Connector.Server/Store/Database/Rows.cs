namespace Connector.Server.Store.Database;

// One class per table. Times are Unix milliseconds: they sort and compare in every database.

internal sealed class OrganizationRow
{
    public required string Id { get; set; }

    public required string Name { get; set; }

    public required string Subdomain { get; set; }

    public long CreatedAt { get; set; }
}

internal sealed class ConnectorRow
{
    public required string Id { get; set; }

    public required string Name { get; set; }

    public string Description { get; set; } = "";

    public bool BuiltInSshServiceEnabled { get; set; }

    public string? BuiltInSshServiceConfiguration { get; set; }

    /// <summary>JSON object that the connector uploaded.</summary>
    public string? Metadata { get; set; }

    /// <summary>Number part of the desired state's version.</summary>
    public long DesiredVersion { get; set; }

    public long CreatedAt { get; set; }

    public long UpdatedAt { get; set; }

    public long? LastSeenAt { get; set; }
}

/// <summary>A token that was issued; the token itself is nowhere.</summary>
internal sealed class ConnectorTokenRow
{
    /// <summary>The claim <c>jti</c>.</summary>
    public required string Id { get; set; }

    public required string ConnectorId { get; set; }

    public required string Name { get; set; }

    public required string CreatedBy { get; set; }

    public long CreatedAt { get; set; }

    public long? ExpiresAt { get; set; }

    /// <summary>Kept after revocation, for as long as tickets that were issued under it can live: edges must refuse them, and a replica that still
    /// presents the token is told why.</summary>
    public bool Revoked { get; set; }

    public long? RevokedAt { get; set; }
}

internal sealed class SocketRow
{
    public required string Id { get; set; }

    public required string Name { get; set; }

    public string DisplayName { get; set; } = "";

    public required string Type { get; set; }

    public string Description { get; set; } = "";

    public string UpstreamType { get; set; } = "";

    public string UpstreamHttpHostname { get; set; } = "";

    public bool RecordingEnabled { get; set; }

    public bool ConnectorAuthenticationEnabled { get; set; }

    public bool EndToEndEncryptionEnabled { get; set; }

    /// <summary>JSON object of strings.</summary>
    public string Tags { get; set; } = "{}";

    /// <summary>Canonical JSON.</summary>
    public required string UpstreamConfiguration { get; set; }

    /// <summary>Bytes that the socket takes up in a connector's configuration on the control stream; see <see cref="ConfigurationSize"/>.</summary>
    public int ConfigSize { get; set; }

    public int EdgePort { get; set; }

    public bool EdgePublic { get; set; }

    /// <summary>Networks in CIDR notation, separated by one space.</summary>
    public string EdgeAllowedIps { get; set; } = "";

    public bool EdgeHedge { get; set; } = true;

    /// <summary>As <see cref="EdgeAllowedIps"/>.</summary>
    public string EdgeProxyProtocolFrom { get; set; } = "";

    /// <summary>JSON object with those limits that are not the default; canonical.</summary>
    public string Limits { get; set; } = "{}";

    /// <summary>As <see cref="Limits"/>.</summary>
    public string UpstreamCheck { get; set; } = "{}";

    public string UpstreamProxyProtocol { get; set; } = "";

    public long CreatedAt { get; set; }

    public long UpdatedAt { get; set; }

    public long UpstreamUpdatedAt { get; set; }

    public List<SocketConnectorRow> Connectors { get; set; } = [];
}

internal sealed class SocketConnectorRow
{
    public required string Id { get; set; }

    public required string SocketId { get; set; }

    public required string ConnectorId { get; set; }

    public ConnectorRow? Connector { get; set; }

    public long CreatedAt { get; set; }

    public long UpdatedAt { get; set; }
}

internal sealed class PluginRow
{
    public required string Id { get; set; }

    public required string ConnectorId { get; set; }

    public required string Name { get; set; }

    public required string Type { get; set; }

    public bool Enabled { get; set; }

    /// <summary>Canonical JSON.</summary>
    public required string Configuration { get; set; }

    /// <summary>When the configuration was changed last.</summary>
    public long ConfiguredAt { get; set; }

    public long CreatedAt { get; set; }

    public long UpdatedAt { get; set; }
}

internal sealed class ConnectorLogRow
{
    public long Id { get; set; }

    public required string ConnectorId { get; set; }

    public long At { get; set; }

    public required string Severity { get; set; }

    public required string Message { get; set; }

    public string? SocketId { get; set; }

    public string? PluginId { get; set; }

    public required string Source { get; set; }
}

/// <summary>One end user's stream that has ended.</summary>
internal sealed class SessionRow
{
    /// <summary>Grows in the order in which sessions ended, as far as they were reported so.</summary>
    public long Id { get; set; }

    /// <summary>UUID from the edge.</summary>
    public required string SessionId { get; set; }

    public required string ConnectorId { get; set; }

    /// <summary>No reference: sessions outlive their socket.</summary>
    public required string SocketId { get; set; }

    public required string SocketName { get; set; }

    public required string ReplicaId { get; set; }

    public required string EdgeId { get; set; }

    public required string ClientAddress { get; set; }

    public int ClientPort { get; set; }

    public long StartedAt { get; set; }

    public long EndedAt { get; set; }

    public long DurationMs { get; set; }

    public long BytesToClient { get; set; }

    public long BytesFromClient { get; set; }

    public required string EndedBy { get; set; }

    public required string Code { get; set; }

    public required string Reason { get; set; }

    public int Resumes { get; set; }
}

internal sealed class LogSequenceRow
{
    public required string ConnectorId { get; set; }

    public required string ReplicaId { get; set; }

    public required string BootId { get; set; }

    public long Sequence { get; set; }

    public long StoredAt { get; set; }
}

internal sealed class EpochRow
{
    public required string ConnectorId { get; set; }

    public long Epoch { get; set; }

    /// <summary>The group system whose control session the epoch stands for; null for a replica that runs alone.</summary>
    public string? GroupBootId { get; set; }
}

/// <summary>The last decision about a connector's group; there is no row before the first.</summary>
internal sealed class ConnectorGroupRow
{
    public required string ConnectorId { get; set; }

    public long Generation { get; set; }

    /// <summary>JSON array of objects with group_boot_id and replica_id.</summary>
    public required string Members { get; set; }

    /// <summary>Group boot ids, oldest first, separated by one space.</summary>
    public required string Removed { get; set; }

    public string? GrantedTo { get; set; }

    public long? GrantedAt { get; set; }
}

/// <summary>An edge that runs as a process of its own.</summary>
internal sealed class EdgeRow
{
    public required string Id { get; set; }

    public required string Name { get; set; }

    /// <summary>The claim <c>jti</c> of the one credential in force; the credential itself is nowhere.</summary>
    public required string CredentialId { get; set; }

    public long? CredentialExpiresAt { get; set; }

    /// <summary>host:port each, separated by one space, as the edge said last; empty until it came.</summary>
    public string Addresses { get; set; } = "";

    /// <summary>As <see cref="Addresses"/>.</summary>
    public string CaPins { get; set; } = "";

    /// <summary>What end users dial.</summary>
    public string PublicHost { get; set; } = "";

    public string SoftwareVersion { get; set; } = "";

    /// <summary>The process whose reports were stored last, and how far.</summary>
    public string ReportBootId { get; set; } = "";

    public long ReportSequence { get; set; }

    public long CreatedAt { get; set; }

    public long? LastSeenAt { get; set; }
}

internal sealed class MetaRow
{
    public required string Key { get; set; }

    public required string Value { get; set; }
}

internal sealed class DiscoveredResourceRow
{
    public required string Id { get; set; }

    public required string PluginId { get; set; }

    public required string DiscoveryId { get; set; }

    /// <summary>Unique within one discoverer of one plugin.</summary>
    public required string Identity { get; set; }

    public required string Type { get; set; }

    public required string Name { get; set; }

    /// <summary>Canonical JSON, as the control stream carries it.</summary>
    public required string Resource { get; set; }

    public long FirstSeenAt { get; set; }

    public long LastSeenAt { get; set; }

    public long ChangedAt { get; set; }

    /// <summary>Of the plugin, when it was seen last: which configuration it was seen with.</summary>
    public long ConfiguredAt { get; set; }

    public int MissedScans { get; set; }

    /// <summary>When the last of them was counted; null when there is none.</summary>
    public long? MissedAt { get; set; }

    public bool DialFailed { get; set; }
}

/// <summary>What happened to a discovered resource; outlives it.</summary>
internal sealed class DiscoveredChangeRow
{
    public long Id { get; set; }

    public required string PluginId { get; set; }

    public required string ResourceId { get; set; }

    public required string Identity { get; set; }

    public required string Name { get; set; }

    public long At { get; set; }

    /// <summary>found, changed or gone.</summary>
    public required string Kind { get; set; }

    /// <summary>Of the details that changed, separated by one space.</summary>
    public required string Keys { get; set; }

    /// <summary>As it was found, or after the change.</summary>
    public required string Resource { get; set; }
}

/// <summary>The last scan of one discoverer.</summary>
internal sealed class DiscoveryScanRow
{
    public required string PluginId { get; set; }

    public required string DiscoveryId { get; set; }

    /// <summary>When the first scan was stored, by the control plane's clock.</summary>
    public long FirstAt { get; set; }

    public long StartedAt { get; set; }

    public long EndedAt { get; set; }

    /// <summary>Of the last scan without an error; null while there was none.</summary>
    public long? CompletedAt { get; set; }

    public int Found { get; set; }

    // JSON arrays of texts.
    public required string Errors { get; set; }

    public required string Gaps { get; set; }

    public required string Warnings { get; set; }

    /// <summary>Resources that would go if they were not so many.</summary>
    public int Held { get; set; }
}
