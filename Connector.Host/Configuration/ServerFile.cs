using System.Net;
using Connector.Server.Edge;

namespace Connector.Host.Configuration;

/// <summary>server.yaml as it stands in the file.</summary>
internal sealed record ServerFile
{
    public string? PublicUrl { get; init; }

    public string? DataDirectory { get; init; }

    public int? HttpsPort { get; init; }

    public int? HttpPort { get; init; }

    public int? TunnelPort { get; init; }

    public string? TunnelAddress { get; init; }

    public PortRange? EdgePorts { get; init; }

    public string? PublicHost { get; init; }

    public IPAddress? BindAddress { get; init; }

    public string? EdgeToken { get; init; }

    public string? EdgeServer { get; init; }

    public string? Health { get; init; }

    public TimeSpan? ResumeWithin { get; init; }

    public string? Roles { get; init; }

    public string? Certificate { get; init; }

    public string? Key { get; init; }

    public string? LogLevel { get; init; }

    public static readonly IReadOnlyCollection<string> OwnKeys =
        ["public_url", "data_dir", "https_port", "http_port", "tunnel_port", "tunnel_address", "edge_ports", "resume_within", "roles", "tls",
            "public_host", "bind_address", "edge_token", "edge_server"];

    public static ServerFile Read(string path) => ConfigurationFile.Read(path, file =>
    {
        var tls = file.Section("tls");
        var certificate = tls.Text("certificate");
        var key = tls.Text("key");
        tls.RefuseUnknownKeys();
        return new ServerFile
        {
            PublicUrl = file.Value(
                "public_url", text => ConfigurationText.ServerUrl(text) is not null ? text : null, "an https address such as https://border0.example.com:8443"),
            DataDirectory = file.Text("data_dir"),
            HttpsPort = file.Port("https_port"),
            HttpPort = file.Port("http_port"),
            TunnelPort = file.Port("tunnel_port"),
            TunnelAddress = file.Value("tunnel_address", ConfigurationText.HostAndPort, ConfigurationText.HostAndPortExample),
            EdgePorts = file.Value<PortRange?>("edge_ports", ConfigurationText.Ports, "two ports such as 20000-20099"),
            PublicHost = file.Value("public_host", ConfigurationText.Host, ConfigurationText.HostExample),
            BindAddress = file.Value("bind_address", text => IPAddress.TryParse(text, out var address) ? address : null, "an address of this machine such as 192.0.2.1"),
            EdgeToken = file.Text("edge_token"),
            EdgeServer = file.Value(
                "edge_server", text => ConfigurationText.ServerUrl(text) is not null ? text : null, "an https address such as https://border0.example.com:8443"),
            Health = file.Value(
                "health", text => text == "off" || ConfigurationText.EndPoint(text) is not null ? text : null, $"an address with a port such as {EdgeSettings.DefaultHealth}, or off"),
            ResumeWithin = file.Duration("resume_within"),
            Roles = file.Value(
                "roles", text => ServerRoleNames.Parse(text) is not null ? text : null, "a list such as control,edge,portal"),
            Certificate = certificate,
            Key = key,
            LogLevel = file.Value("log_level", LogLevels.Known, $"one of {LogLevels.Names}"),
        };
    });
}
