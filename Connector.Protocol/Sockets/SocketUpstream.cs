namespace Connector.Protocol.Sockets;

/// <summary>What a connector does for a socket, decided from its configuration alone.</summary>
public abstract record SocketUpstream
{
    private SocketUpstream()
    {
    }

    /// <summary>Bytes go to and fro between the stream and this TCP service.</summary>
    /// <param name="Host">Host name or address, or a variable reference to one; not resolved yet.</param>
    public sealed record PlainRelay(string Host, int Port) : SocketUpstream;

    /// <summary>Good configuration, but not served by this build.</summary>
    public sealed record Unsupported(string Reason) : SocketUpstream;

    /// <summary>The configuration is wrong; the reason begins with a JSON path.</summary>
    public sealed record Invalid(string Reason) : SocketUpstream;

    public static SocketUpstream Resolve(SocketConfiguration configuration)
    {
        // A promise to the end user that cannot be kept must not turn into a connection without it.
        if (Promised(configuration) is { } flag)
        {
            return new Unsupported($"{flag} is not supported in this build");
        }

        if (SocketOptionRules.UnknownProxyProtocol(configuration) is { } unknown)
        {
            return new Unsupported(unknown);
        }

        if (configuration.UpstreamConfiguration is not { } upstream)
        {
            return new Invalid($"{SocketConfigurationReader.UpstreamKey}: missing");
        }

        if (upstream.ServiceType is { Length: > 0 } type && !SocketTypes.All.Contains(type))
        {
            // Perhaps a type of tomorrow: a newer control plane is not a mistake of the configuration.
            return new Unsupported($"unsupported service type: {(type.Length <= 80 ? type : type[..80])}");
        }

        if (UpstreamRules.Problems(upstream) is [var problem, ..])
        {
            return new Invalid(problem);
        }

        if (SocketOptionRules.Problems(configuration) is [var wrong, ..])
        {
            return new Invalid(wrong);
        }

        return upstream switch
        {
            { HttpServiceConfiguration: { HttpServiceType: "standard", StandardHttpServiceConfiguration: { } http } } => Relay(http.Hostname, http.Port),
            { SshServiceConfiguration: { SshServiceType: "standard", StandardSshServiceConfiguration: { } ssh } } => Relay(ssh.Hostname, ssh.Port),
            { DatabaseServiceConfiguration: { DatabaseServiceType: "standard", StandardDatabaseServiceConfiguration: { } database } }
                => Relay(database.Hostname, database.Port),
            { TlsServiceConfiguration: { TlsServiceType: "standard", StandardTlsServiceConfiguration: { } tls } } => Relay(tls.Hostname, tls.Port),
            { VncServiceConfiguration: { } vnc } => Relay(vnc.Hostname, vnc.Port),
            { RdpServiceConfiguration: { } rdp } => Relay(rdp.Hostname, rdp.Port),
            { HttpServiceConfiguration: { } http } => Missing("http", http.HttpServiceType),
            { SshServiceConfiguration: { } ssh } => Missing("ssh", ssh.SshServiceType),
            { DatabaseServiceConfiguration: { } database } => Missing("database", database.DatabaseServiceType),
            { TlsServiceConfiguration: { } tls } => Missing("tls", tls.TlsServiceType),
            _ => new Unsupported($"unsupported service type: {upstream.ServiceType}"),
        };
    }

    private static PlainRelay Relay(string? host, int? port) => new(host!, port!.Value);

    private static Unsupported Missing(string type, string? kind) => new($"unsupported service type: {type} ({kind})");

    private static string? Promised(SocketConfiguration configuration) => configuration switch
    {
        { EndToEndEncryptionEnabled: true } => "end_to_end_encryption_enabled",
        { ConnectorAuthenticationEnabled: true } => "connector_authentication_enabled",
        { RecordingEnabled: true } => "recording_enabled",
        _ => null,
    };
}
