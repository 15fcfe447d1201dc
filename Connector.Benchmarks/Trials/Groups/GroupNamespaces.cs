using System.Globalization;
using Connector.Benchmarks.Trials.Namespaces;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>
/// A network namespace for the control plane and its edges, and one for each replica of a group, joined by a bridge and by nothing else. The addresses are those
/// of the files in config/group.
/// </summary>
internal sealed class GroupNamespaces : IAsyncDisposable
{
    public const int ReplicaCount = 3;

    public const string ControlAddress = "10.0.0.1";

    public const string Network = "10.0.0.0/24";

    private const string Bridge = "group0";
    private const string Device = "up0";
    private const string Table = "cut";

    private readonly List<NetworkNamespace> replicas = [];

    private GroupNamespaces(NetworkNamespace server) => Server = server;

    /// <summary>Each edge has one of its own: sockets have the same port on all edges.</summary>
    public static IReadOnlyList<string> EdgeAddresses { get; } = ["10.0.0.2", "10.0.0.3"];

    public NetworkNamespace Server { get; }

    public IReadOnlyList<NetworkNamespace> Replicas => replicas;

    /// <param name="replica">From 0 on.</param>
    public static string AddressOf(int replica) => $"10.0.0.{(11 + replica).ToString(CultureInfo.InvariantCulture)}";

    public static async Task<GroupNamespaces> CreateAsync()
    {
        var made = new GroupNamespaces(await NetworkNamespace.CreateAsync($"border0-gs-{Environment.ProcessId}"));
        try
        {
            await made.JoinAsync();
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on nothing goes between the replica and these addresses, in either direction, and nobody is told.</summary>
    public Task CutAsync(int replica, params IEnumerable<string> addresses)
    {
        var those = $"{{ {string.Join(", ", addresses)} }}";
        var rules =
            $$"""
            add table inet {{Table}}
            add chain inet {{Table}} arriving { type filter hook input priority 0; }
            add rule inet {{Table}} arriving ip saddr {{those}} drop
            add chain inet {{Table}} leaving { type filter hook output priority 0; }
            add rule inet {{Table}} leaving ip daddr {{those}} drop
            """;
        return replicas[replica].ExecuteAsync("sh", "-c", $"nft -f - <<'END'\n{rules}\nEND");
    }

    public Task HealAsync(int replica) => replicas[replica].ExecuteAsync("nft", "delete", "table", "inet", Table);

    public async ValueTask DisposeAsync()
    {
        foreach (var replica in replicas)
        {
            await replica.DisposeAsync();
        }

        await Server.DisposeAsync();
    }

    private async Task JoinAsync()
    {
        await Server.ExecuteAsync("ip", "link", "add", Bridge, "type", "bridge");
        foreach (var address in EdgeAddresses.Prepend(ControlAddress))
        {
            await Server.ExecuteAsync("ip", "addr", "add", $"{address}/24", "dev", Bridge);
        }

        await Server.ExecuteAsync("ip", "link", "set", Bridge, "up");
        for (var i = 0; i < ReplicaCount; i++)
        {
            var replica = await NetworkNamespace.CreateAsync(string.Create(CultureInfo.InvariantCulture, $"border0-g{i + 1}-{Environment.ProcessId}"));
            replicas.Add(replica);
            var port = string.Create(CultureInfo.InvariantCulture, $"replica{i + 1}");
            await Server.ExecuteAsync("ip", "link", "add", port, "type", "veth", "peer", "name", Device, "netns", replica.Name);
            await Server.ExecuteAsync("ip", "link", "set", port, "master", Bridge, "up");
            await replica.ExecuteAsync("ip", "addr", "add", $"{AddressOf(i)}/24", "dev", Device);
            await replica.ExecuteAsync("ip", "link", "set", Device, "up");
        }
    }
}
