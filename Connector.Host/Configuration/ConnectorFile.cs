using System.Collections.Immutable;
using System.Net;

namespace Connector.Host.Configuration;

/// <summary>connector.yaml as it stands in the file: references unresolved, nothing overridden.</summary>
internal sealed record ConnectorFile
{
    /// <summary>Perhaps the token itself, so not printed.</summary>
    public string? Token { get; init; }

    public string? ConnectorId { get; init; }

    public string? ConnectorServer { get; init; }

    public bool? ConnectorInsecure { get; init; }

    public string? TunnelServer { get; init; }

    public ImmutableDictionary<string, string> Variables { get; init; } = ImmutableDictionary<string, string>.Empty;

    public string? StateDirectory { get; init; }

    public string? Health { get; init; }

    public string? LogLevel { get; init; }

    public ImmutableArray<IPNetwork> ReachAllow { get; init; } = [];

    public ImmutableArray<IPNetwork> ReachDeny { get; init; } = [];

    public TimeSpan? DrainTimeout { get; init; }

    public TimeSpan? ResumeWithin { get; init; }

    /// <summary>Null: the replica runs alone.</summary>
    public ClusterFile? Cluster { get; init; }

    public static readonly IReadOnlyCollection<string> Keys =
        ["token", "connector_id", "connector_server", "connector_insecure", "tunnel_server", "variables", "state_dir", "health", "log_level", "reach", "drain_timeout", "resume_within", "cluster"];

    public static ConnectorFile Read(string path) => ConfigurationFile.Read(path, file =>
    {
        const string network = "a network such as 10.0.0.0/8, or an address";
        var reach = file.Section("reach");
        var allow = reach.List("allow", ConfigurationText.Network, network);
        var deny = reach.List("deny", ConfigurationText.Network, network);
        reach.RefuseUnknownKeys();
        return new ConnectorFile
        {
            Token = file.Text("token"),
            ConnectorId = file.Text("connector_id"),
            ConnectorServer = file.Text("connector_server"),
            ConnectorInsecure = file.Flag("connector_insecure"),
            TunnelServer = file.Text("tunnel_server"),
            Variables = file.Map("variables"),
            StateDirectory = file.Text("state_dir"),
            Health = file.Value("health", text => text == "off" || ConfigurationText.EndPoint(text) is not null ? text : null, "an address such as 127.0.0.1:9480, or off"),
            LogLevel = file.Value("log_level", LogLevels.Known, $"one of {LogLevels.Names}"),
            ReachAllow = allow,
            ReachDeny = deny,
            DrainTimeout = file.Duration("drain_timeout"),
            ResumeWithin = file.Duration("resume_within"),
            Cluster = ClusterFile.Read(file),
        };
    });

    public override string ToString() => nameof(ConnectorFile);
}
