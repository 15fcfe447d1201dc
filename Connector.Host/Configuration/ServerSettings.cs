using System.Collections.Immutable;
using System.Net;
using Connector.Host.Errors;
using Connector.Server.Edge;

namespace Connector.Host.Configuration;

/// <summary>What a server starts with: file, environment and flags put together.</summary>
/// <param name="PublicUrl">Null: no connector token can be made.</param>
/// <param name="HttpPort">Plain HTTP on loopback; null when off.</param>
/// <param name="TunnelAddress">host:port that replicas are told to dial for tunnels; null: the host of <paramref name="PublicUrl"/> and the tunnel port.</param>
/// <param name="Certificate">Path of a PEM, together with <paramref name="Key"/>; null: the server's own CA.</param>
public sealed record ServerSettings(
    Uri? PublicUrl, string DataDirectory, int HttpsPort, int? HttpPort, int TunnelPort, string? TunnelAddress, PortRange EdgePorts, TimeSpan ResumeWithin, ImmutableArray<string> Roles,
    string? Certificate, string? Key, string LogLevel, ImmutableArray<string> Notes)
{
    /// <summary>What end users dial; null: the host of <see cref="PublicUrl"/>.</summary>
    public string? PublicHost { get; init; }

    /// <summary>For the tunnel port and the sockets; null: every address.</summary>
    public IPAddress? BindAddress { get; init; }

    /// <summary>An edge by itself, whose control plane is another process.</summary>
    public bool IsEdgeAlone => Roles is [ServerRoleNames.Edge];

    public const int DefaultHttpsPort = 8443;
    public const int DefaultTunnelPort = 8444;

    /// <summary>How long streams wait for a replica that has lost all its lanes, at either end.</summary>
    public static readonly TimeSpan DefaultResumeWithin = TimeSpan.FromSeconds(30);
    public static readonly PortRange DefaultEdgePorts = new(20000, 20099);

    /// <exception cref="ConnectorError">Something is missing or wrong.</exception>
    public static ServerSettings Load(ServerFlags flags, HostEnvironment environment)
    {
        var notes = new List<string>();
        var file = flags.ConfigFile is null ? new ServerFile() : ServerFile.Read(flags.ConfigFile);
        if (file.Certificate is null != file.Key is null)
        {
            throw new ConnectorError(
                $"Cannot use the configuration {flags.ConfigFile}", "tls needs both certificate and key", "Give both, or neither for a CA of the server's own");
        }

        var publicUrl = file.PublicUrl is null ? null : ConfigurationText.ServerUrl(file.PublicUrl);
        var roles = ServerRoleNames.Parse(flags.Roles ?? file.Roles ?? string.Join(',', ServerRoleNames.All))
            ?? throw new ConnectorError($"Cannot use --roles {flags.Roles}", "a role is unknown", $"Name some of {string.Join(", ", ServerRoleNames.All)}", ExitCode.Usage);
        if (roles.Contains(ServerRoleNames.Control) && (file.EdgeToken ?? environment.Variable(EnvironmentNames.EdgeToken)) is not null)
        {
            notes.Add("the edge credential is not used: the edge beside a control plane needs none; --roles edge starts an edge by itself");
        }

        if (publicUrl is null && roles.Contains(ServerRoleNames.Control))
        {
            notes.Add("public_url is not set: connector tokens cannot be made until it is");
        }

        var tunnelAddress = flags.TunnelAddress ?? (environment.Variable(EnvironmentNames.TunnelAddress) is { } told
            ? ConfigurationText.HostAndPort(told) ?? throw new ConnectorError(
                $"Cannot use {EnvironmentNames.TunnelAddress}", $"\"{told}\" is no host and port", $"Set it to {ConfigurationText.HostAndPortExample}")
            : file.TunnelAddress);
        var level = environment.Variable(EnvironmentNames.LogLevel) ?? file.LogLevel ?? LogLevels.Default;
        return new ServerSettings(
            publicUrl,
            Path.GetFullPath(Expand(flags.DataDirectory ?? file.DataDirectory ?? Path.Combine(environment.Home, ".border0", "server"), environment)),
            flags.HttpsPort ?? file.HttpsPort ?? DefaultHttpsPort,
            flags.HttpPort ?? file.HttpPort,
            flags.TunnelPort ?? file.TunnelPort ?? DefaultTunnelPort,
            tunnelAddress,
            flags.EdgePorts ?? file.EdgePorts ?? DefaultEdgePorts,
            file.ResumeWithin ?? DefaultResumeWithin,
            roles,
            file.Certificate is null ? null : Expand(file.Certificate, environment),
            file.Key is null ? null : Expand(file.Key, environment),
            LogLevels.Known(level) ?? throw new ConnectorError(
                $"Cannot use {EnvironmentNames.LogLevel}", $"\"{level}\" is no log level", $"Set it to one of {LogLevels.Names}"),
            [.. notes])
        {
            PublicHost = file.PublicHost,
            BindAddress = file.BindAddress,
        };
    }

    private static string Expand(string path, HostEnvironment environment)
        => path.StartsWith("~/", StringComparison.Ordinal) ? Path.Combine(environment.Home, path[2..]) : path;
}
