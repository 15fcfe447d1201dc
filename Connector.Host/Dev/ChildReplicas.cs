using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Connector.Host.Configuration;
using Connector.Host.State;
using Connector.Protocol;

namespace Connector.Host.Dev;

/// <summary>What the child processes of <c>dev --replicas N</c> are told: a configuration file each, the token by environment.</summary>
internal sealed record ChildReplicas
{
    public required string DataDirectory { get; init; }

    public required Secret Token { get; init; }

    /// <summary>Not the token's: ports may have changed since it was made.</summary>
    public required Uri Server { get; init; }

    public required string LogLevel { get; init; }

    public required TimeSpan DrainTimeout { get; init; }

    /// <summary>On loopback, one for each replica.</summary>
    public required ImmutableArray<int> HealthPorts { get; init; }

    /// <summary>On loopback, one for each replica.</summary>
    public required ImmutableArray<int> GroupPorts { get; init; }

    /// <summary>Writes their configuration files.</summary>
    public ImmutableArray<ChildReplica> Prepare() => [.. Enumerable.Range(1, HealthPorts.Length).Select(Prepare)];

    /// <summary>The first has the directory of a replica that runs in dev's own process: it is the same one.</summary>
    public static string StateDirectoryOf(string dataDirectory, int number)
        => Path.Combine(dataDirectory, number == 1 ? "replica" : string.Create(CultureInfo.InvariantCulture, $"replica-{number}"));

    private ChildReplica Prepare(int number)
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"replica-{number}");
        var (configuration, ready) = (Path.Combine(DataDirectory, $"{name}.yaml"), Path.Combine(DataDirectory, $"{name}.ready.json"));
        PrivateFiles.Write(configuration, Yaml(number), "the configuration of a replica");
        var environment = ImmutableDictionary.CreateBuilder<string, string?>(StringComparer.Ordinal);

        // What the user has set for a replica of his own is not for these.
        foreach (var foreign in (string[])
            [
                EnvironmentNames.ConfigFile, EnvironmentNames.ConnectorInsecure, EnvironmentNames.TunnelServer, EnvironmentNames.ClusterBind, EnvironmentNames.ClusterAdvertised,
                EnvironmentNames.ClusterPeers, EnvironmentNames.ClusterTlsCertificate, EnvironmentNames.ClusterTlsKey, EnvironmentNames.ClusterTlsAuthority,
            ])
        {
            environment[foreign] = null;
        }

        environment[EnvironmentNames.Token] = Token.Reveal();
        environment[EnvironmentNames.ConnectorServer] = Server.AbsoluteUri.TrimEnd('/');
        environment[EnvironmentNames.LogLevel] = LogLevel;
        return new ChildReplica(number, ready, ["start", "--config", configuration, "--ready-file", ready], environment.ToImmutable());
    }

    private string Yaml(int number) => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        # Replica {number} of connector dev, written anew at each start.
        state_dir: {JsonSerializer.Serialize(StateDirectoryOf(DataDirectory, number))}
        health: 127.0.0.1:{HealthPorts[number - 1]}
        drain_timeout: {(int)DrainTimeout.TotalSeconds}s
        cluster:
          name: dev
          bind: 127.0.0.1:{GroupPorts[number - 1]}
          peers: [{string.Join(", ", GroupPorts.Select(port => string.Create(CultureInfo.InvariantCulture, $"\"127.0.0.1:{port}\"")))}]

        """);

    /// <summary>Holds a token.</summary>
    public override string ToString() => nameof(ChildReplicas);
}
