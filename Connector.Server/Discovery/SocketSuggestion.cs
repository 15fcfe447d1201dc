using System.Net;
using System.Text;
using System.Text.Json;
using Connector.Protocol.Discovery;
using Connector.Protocol.Json;
using Connector.Protocol.Sockets;

namespace Connector.Server.Discovery;

/// <summary>What a socket for a discovered resource would look like.</summary>
/// <param name="Name">May be taken.</param>
internal sealed record SocketSuggestion(string Name, string Type, JsonElement Upstream)
{
    private const int LongestName = 63;

    /// <summary>Null when the source does not say where the service is.</summary>
    public static SocketSuggestion? For(DiscoveredResource resource)
    {
        if (ResourceEndpoints.Of(resource) is not [var at, ..])
        {
            return null;
        }

        var upstream = UpstreamOf(resource, at);
        return new SocketSuggestion(NameOf(resource.Name), upstream.ServiceType!, JsonSerializer.SerializeToElement(upstream, WireJson.Options));
    }

    private static UpstreamConfiguration UpstreamOf(DiscoveredResource resource, DnsEndPoint at) => resource.Type switch
    {
        ResourceTypes.NetworkHttpServer => Http(at, "http"),
        ResourceTypes.NetworkHttpsServer => Http(at, "https"),
        ResourceTypes.NetworkMysqlServer => Database(at, "mysql"),
        ResourceTypes.NetworkPostgresqlServer => Database(at, "postgres"),
        ResourceTypes.NetworkSshServer or ResourceTypes.AwsEc2Instance => Ssh(at),
        ResourceTypes.NetworkVncServer => new UpstreamConfiguration
        {
            ServiceType = SocketTypes.Vnc, VncServiceConfiguration = new VncServiceConfiguration { Hostname = at.Host, Port = at.Port },
        },
        ResourceTypes.NetworkRdpServer => new UpstreamConfiguration
        {
            ServiceType = SocketTypes.Rdp, RdpServiceConfiguration = new RdpServiceConfiguration { Hostname = at.Host, Port = at.Port },
        },
        ResourceTypes.AwsRdsInstance when resource.Details is AwsRdsInstanceDetails rds => Engine(rds.Engine) is { } protocol ? Database(at, protocol) : Tls(at),
        ResourceTypes.DockerContainer when resource.Details is DockerContainerDetails container => ByPort(at, ContainerPort(container, at) ?? at.Port),
        ResourceTypes.KubernetesService => ByPort(at, at.Port),
        _ => Tls(at),
    };

    private static UpstreamConfiguration ByPort(DnsEndPoint at, int port) => port switch
    {
        22 => Ssh(at),
        80 or 8000 or 8080 or 3000 => Http(at, "http"),
        443 or 8443 => Http(at, "https"),
        3306 => Database(at, "mysql"),
        5432 => Database(at, "postgres"),
        _ => Tls(at),
    };

    private static string? Engine(string engine) => engine switch
    {
        _ when engine.Contains("postgres", StringComparison.OrdinalIgnoreCase) => "postgres",
        _ when engine.Contains("mysql", StringComparison.OrdinalIgnoreCase) || engine.Contains("maria", StringComparison.OrdinalIgnoreCase) || engine is "aurora" => "mysql",
        _ when engine.StartsWith("sqlserver", StringComparison.OrdinalIgnoreCase) => "mssql",
        _ => null,
    };

    private static int? ContainerPort(DockerContainerDetails container, DnsEndPoint at)
        => container.PortBindings.FirstOrDefault(binding => binding.Key.EndsWith($":{at.Port}", StringComparison.Ordinal)).Value is { } inside
            && int.TryParse(inside.Split('/')[0], out var port) ? port : null;

    private static UpstreamConfiguration Http(DnsEndPoint at, string scheme) => new()
    {
        ServiceType = SocketTypes.Http,
        HttpServiceConfiguration = new HttpServiceConfiguration { HttpServiceType = "standard", StandardHttpServiceConfiguration = new() { Hostname = at.Host, Port = at.Port, Scheme = scheme } },
    };

    private static UpstreamConfiguration Ssh(DnsEndPoint at) => new()
    {
        ServiceType = SocketTypes.Ssh,
        SshServiceConfiguration = new SshServiceConfiguration { SshServiceType = "standard", StandardSshServiceConfiguration = new() { Hostname = at.Host, Port = at.Port } },
    };

    private static UpstreamConfiguration Database(DnsEndPoint at, string protocol) => new()
    {
        ServiceType = SocketTypes.Database,
        DatabaseServiceConfiguration = new DatabaseServiceConfiguration
        {
            DatabaseServiceType = "standard", StandardDatabaseServiceConfiguration = new() { Hostname = at.Host, Port = at.Port, Protocol = protocol },
        },
    };

    private static UpstreamConfiguration Tls(DnsEndPoint at) => new()
    {
        ServiceType = SocketTypes.Tls,
        TlsServiceConfiguration = new TlsServiceConfiguration { TlsServiceType = "standard", StandardTlsServiceConfiguration = new() { Hostname = at.Host, Port = at.Port } },
    };

    /// <summary>Lower-case letters, digits and single dashes.</summary>
    private static string NameOf(string name)
    {
        var made = new StringBuilder();
        foreach (var letter in name.ToLowerInvariant())
        {
            if (char.IsAsciiLetterLower(letter) || char.IsAsciiDigit(letter))
            {
                made.Append(letter);
            }
            else if (made.Length > 0 && made[^1] != '-')
            {
                made.Append('-');
            }
        }

        var text = made.ToString(0, Math.Min(made.Length, LongestName)).Trim('-');
        return text.Length == 0 || Guid.TryParse(text, out _) ? $"found-{text}".TrimEnd('-') : text;
    }
}
