using System.Globalization;
using System.Text.RegularExpressions;
using Connector.Protocol.Sockets;

namespace Connector.Host.Dev;

/// <summary>One <c>--expose name=scheme://host:port</c>.</summary>
/// <param name="Scheme">As written: it also says with which client to reach the socket.</param>
public sealed partial record Exposure(string Name, string Scheme, string Host, int Port)
{
    private const string Example = "write name=tcp://host:port, for example db=postgres://127.0.0.1:5432";

    /// <summary>For people, and to know the built-in page by.</summary>
    public string Description { get; init; } = "made by connector dev";

    /// <summary>Value of <c>socket_type</c>.</summary>
    public string SocketType => Scheme switch
    {
        "http" or "https" => SocketTypes.Http,
        "ssh" => SocketTypes.Ssh,
        "postgres" or "mysql" => SocketTypes.Database,
        "vnc" => SocketTypes.Vnc,
        "rdp" => SocketTypes.Rdp,
        _ => SocketTypes.Tls,
    };

    /// <summary>Null and a reason when it cannot be read.</summary>
    public static (Exposure? Exposure, string? Problem) Parse(string text)
    {
        var equals = text.IndexOf('=');
        if (equals < 1)
        {
            return (null, $"\"{text}\" has no name; {Example}");
        }

        var name = text[..equals];
        if (!ValidName().IsMatch(name))
        {
            return (null, $"\"{name}\" is no name for a socket: lower-case letters, digits and dashes, at most 63, beginning with a letter or digit; {Example}");
        }

        if (!Uri.TryCreate(text[(equals + 1)..], UriKind.Absolute, out var url) || url.Host.Length == 0)
        {
            return (null, $"\"{text}\" names no address; {Example}");
        }

        var usual = UsualPort(url.Scheme);
        if (usual is null)
        {
            return (null, $"\"{url.Scheme}\" is unknown; known are tcp, http, https, ssh, postgres, mysql, vnc and rdp");
        }

        if (url.UserInfo.Length > 0)
        {
            // And would stand in the process list.
            return (null, $"socket \"{name}\" names a user; leave it out: whoever connects logs in at the service itself");
        }

        var port = url.Port > 0 ? url.Port : usual.Value;
        return port > 0
            ? (new Exposure(name, url.Scheme, url.Host.Trim('[', ']'), port), null)
            : (null, $"\"{text}\" has no port; {Example}");
    }

    public UpstreamConfiguration ToUpstream() => SocketType switch
    {
        SocketTypes.Http => new()
        {
            ServiceType = SocketTypes.Http,
            HttpServiceConfiguration = new()
            {
                HttpServiceType = "standard",
                StandardHttpServiceConfiguration = new() { Hostname = Host, Port = Port, Scheme = Scheme, HostHeader = Host },
            },
        },
        SocketTypes.Ssh => new()
        {
            ServiceType = SocketTypes.Ssh,
            SshServiceConfiguration = new()
            {
                SshServiceType = "standard",
                StandardSshServiceConfiguration = new()
                {
                    Hostname = Host,
                    Port = Port,
                    SshAuthenticationType = "border0_certificate",
                    Border0CertificateAuthConfiguration = new() { UsernameProvider = "prompt_client" },
                },
            },
        },
        SocketTypes.Database => new()
        {
            ServiceType = SocketTypes.Database,
            DatabaseServiceConfiguration = new()
            {
                DatabaseServiceType = "standard",
                StandardDatabaseServiceConfiguration = new() { Hostname = Host, Port = Port, Protocol = Scheme },
            },
        },
        SocketTypes.Vnc => new() { ServiceType = SocketTypes.Vnc, VncServiceConfiguration = new() { Hostname = Host, Port = Port } },
        SocketTypes.Rdp => new() { ServiceType = SocketTypes.Rdp, RdpServiceConfiguration = new() { Hostname = Host, Port = Port } },
        _ => new()
        {
            ServiceType = SocketTypes.Tls,
            TlsServiceConfiguration = new() { TlsServiceType = "standard", StandardTlsServiceConfiguration = new() { Hostname = Host, Port = Port } },
        },
    };

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name}={Scheme}://{Host}:{Port}");

    /// <summary>0 when there is none, null for an unknown scheme.</summary>
    private static int? UsualPort(string scheme) => scheme switch
    {
        "tcp" => 0,
        "http" => 80,
        "https" => 443,
        "ssh" => 22,
        "postgres" => 5432,
        "mysql" => 3306,
        "vnc" => 5900,
        "rdp" => 3389,
        _ => null,
    };

    [GeneratedRegex("^[a-z0-9][a-z0-9-]{0,62}$", RegexOptions.CultureInvariant)]
    private static partial Regex ValidName();
}
