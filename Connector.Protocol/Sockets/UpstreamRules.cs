using Connector.Protocol.Json;

namespace Connector.Protocol.Sockets;

/// <summary>What must hold between the values of an upstream configuration. Problems begin with the JSON path.</summary>
internal static class UpstreamRules
{
    private const string Root = SocketConfigurationReader.UpstreamKey;

    public static IReadOnlyList<string> Problems(UpstreamConfiguration upstream)
    {
        if (string.IsNullOrEmpty(upstream.ServiceType))
        {
            return [$"{Root}.service_type: missing; one of {string.Join(", ", SocketTypes.All)}"];
        }

        if (!SocketTypes.All.Contains(upstream.ServiceType))
        {
            return [$"{Root}.service_type: {Unknown(upstream.ServiceType, SocketTypes.All)}"];
        }

        var given = Services(upstream).Where(service => service.Configuration is not null).Select(service => service.Type).ToArray();
        if (!given.Contains(upstream.ServiceType))
        {
            return [$"{Root}.{upstream.ServiceType}_service_configuration: missing, although service_type is \"{upstream.ServiceType}\""];
        }

        if (given.Length > 1)
        {
            var other = given.First(type => type != upstream.ServiceType);
            return [$"{Root}.{other}_service_configuration: present, although service_type is \"{upstream.ServiceType}\"; give exactly one"];
        }

        return upstream switch
        {
            { HttpServiceConfiguration: { } http } => Http(http),
            { SshServiceConfiguration: { } ssh } => Ssh(ssh),
            { DatabaseServiceConfiguration: { } database } => Database(database),
            { TlsServiceConfiguration: { } tls } => Tls(tls),
            { VncServiceConfiguration: { } vnc } => [
                .. Endpoint($"{Root}.vnc_service_configuration", vnc.Hostname, vnc.Port),
                .. vnc.Password?.Reveal().Length > 8 ? [$"{Root}.vnc_service_configuration.password: longer than 8 characters"] : Array.Empty<string>()],
            { RdpServiceConfiguration: { } rdp } => Endpoint($"{Root}.rdp_service_configuration", rdp.Hostname, rdp.Port),
            _ => [],
        };
    }

    private static (string Type, object? Configuration)[] Services(UpstreamConfiguration upstream) =>
    [
        (SocketTypes.Http, upstream.HttpServiceConfiguration), (SocketTypes.Ssh, upstream.SshServiceConfiguration),
        (SocketTypes.Database, upstream.DatabaseServiceConfiguration), (SocketTypes.Tls, upstream.TlsServiceConfiguration),
        (SocketTypes.Vnc, upstream.VncServiceConfiguration), (SocketTypes.Rdp, upstream.RdpServiceConfiguration),
        ("vpn", upstream.VpnServiceConfiguration), ("kubernetes", upstream.KubernetesServiceConfiguration),
        ("subnet_router", upstream.SubnetRouterServiceConfiguration), ("exit_node", upstream.ExitNodeServiceConfiguration),
        ("elasticsearch", upstream.ElasticsearchServiceConfiguration), ("snowflake", upstream.SnowflakeServiceConfiguration),
        ("aws_s3", upstream.AwsS3ServiceConfiguration), ("aws_access", upstream.AwsAccessServiceConfiguration),
    ];

    private static IReadOnlyList<string> Http(HttpServiceConfiguration http)
    {
        const string path = $"{Root}.http_service_configuration";
        var kind = Kind(path, "http_service_type", http.HttpServiceType, ["standard", "connector_file_server"]);
        return kind is not null ? [kind] : (http.HttpServiceType, http.StandardHttpServiceConfiguration, http.FileserverHttpServiceConfiguration) switch
        {
            ("standard", { } standard, _) => [
                .. Endpoint($"{path}.standard_http_service_configuration", standard.Hostname, standard.Port),
                .. standard.Scheme is null or "" or "http" or "https"
                    ? Array.Empty<string>() : [$"{path}.standard_http_service_configuration.scheme: must be http or https"]],
            ("standard", null, _) => [$"{path}.standard_http_service_configuration: missing"],
            (_, _, null) => [$"{path}.fileserver_http_service_configuration: missing"],
            _ => [],
        };
    }

    private static IReadOnlyList<string> Ssh(SshServiceConfiguration ssh)
    {
        const string path = $"{Root}.ssh_service_configuration";
        var kind = Kind(path, "ssh_service_type", ssh.SshServiceType,
            ["standard", "connector_built_in_ssh_service", "aws_ssm", "aws_ec2_instance_connect", "kubectl_exec", "docker_exec"]);
        return kind is not null ? [kind] : (ssh.SshServiceType, ssh.StandardSshServiceConfiguration) switch
        {
            ("standard", { } standard) => Endpoint($"{path}.standard_ssh_service_configuration", standard.Hostname, standard.Port),
            ("standard", null) => [$"{path}.standard_ssh_service_configuration: missing"],
            _ => [],
        };
    }

    private static IReadOnlyList<string> Database(DatabaseServiceConfiguration database)
    {
        const string path = $"{Root}.database_service_configuration";
        var kind = Kind(path, "database_service_type", database.DatabaseServiceType,
            ["standard", "aws_rds", "gcp_cloudsql", "azure_sql", "aws_documentdb", "mongodb_atlas"]);
        return kind is not null ? [kind] : (database.DatabaseServiceType, database.StandardDatabaseServiceConfiguration) switch
        {
            ("standard", { } standard) => Endpoint($"{path}.standard_database_service_configuration", standard.Hostname, standard.Port),
            ("standard", null) => [$"{path}.standard_database_service_configuration: missing"],
            _ => [],
        };
    }

    private static IReadOnlyList<string> Tls(TlsServiceConfiguration tls)
    {
        const string path = $"{Root}.tls_service_configuration";
        var kind = Kind(path, "tls_service_type", tls.TlsServiceType, ["standard", "vpn", "http_proxy"]);
        return kind is not null ? [kind] : (tls.TlsServiceType, tls.StandardTlsServiceConfiguration) switch
        {
            ("standard", { } standard) => Endpoint($"{path}.standard_tls_service_configuration", standard.Hostname, standard.Port),
            ("standard", null) => [$"{path}.standard_tls_service_configuration: missing"],
            _ => [],
        };
    }

    private static string? Kind(string path, string key, string? value, string[] known)
        => string.IsNullOrEmpty(value) ? $"{path}.{key}: missing; one of {string.Join(", ", known)}"
            : known.Contains(value) ? null
            : $"{path}.{key}: {Unknown(value, known)}";

    private static string Unknown(string value, IEnumerable<string> known)
        => NearestName.Of(value, known) is { } nearest
            ? $"\"{value}\" is unknown; did you mean \"{nearest}\"?"
            : $"\"{(value.Length <= 80 ? value : value[..80])}\" is unknown; known are {string.Join(", ", known)}";

    private static string[] Endpoint(string path, string? hostname, int? port)
    {
        var problems = new List<string>(2);
        if (string.IsNullOrWhiteSpace(hostname))
        {
            problems.Add($"{path}.hostname: missing");
        }
        else if (!hostname.StartsWith("from:", StringComparison.Ordinal) && (hostname.Length > 253 || hostname.Any(IsForeign)))
        {
            problems.Add($"{path}.hostname: not a host name or address (no scheme, no port, no blanks)");
        }

        if (port is null)
        {
            problems.Add($"{path}.port: missing");
        }
        else if (port is < 1 or > 65535)
        {
            problems.Add($"{path}.port: {port} is not between 1 and 65535");
        }

        return [.. problems];
    }

    private static bool IsForeign(char letter) => char.IsWhiteSpace(letter) || char.IsControl(letter) || letter is '/' or '\\' or '@' or '?' or '#';
}
