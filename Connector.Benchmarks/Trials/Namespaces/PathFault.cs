namespace Connector.Benchmarks.Trials.Namespaces;

/// <summary>How the path between the two namespaces fails.</summary>
/// <param name="Begin">Commands in the server's and in the replica's namespace.</param>
internal sealed record PathFault(string Name, Func<NamespacePair, Task> Begin, Func<NamespacePair, Task> End)
{
    private const string Table = "cut";

    public static IReadOnlyList<PathFault> All { get; } =
    [
        new("packets dropped in both directions", pair => DropAsync(pair.Server, incoming: true, outgoing: true), pair => PassAsync(pair.Server)),
        new("packets to the server dropped", pair => DropAsync(pair.Server, incoming: true, outgoing: false), pair => PassAsync(pair.Server)),
        new("packets to the replica dropped", pair => DropAsync(pair.Replica, incoming: true, outgoing: false), pair => PassAsync(pair.Replica)),
        new("link down at the replica", pair => LinkAsync(pair.Replica, "down"), pair => LinkAsync(pair.Replica, "up")),
        new("link down at the server", pair => LinkAsync(pair.Server, "down"), pair => LinkAsync(pair.Server, "up")),
    ];

    private static Task DropAsync(NetworkNamespace place, bool incoming, bool outgoing)
    {
        var rules = $"add table inet {Table}\n";
        if (incoming)
        {
            rules += $"add chain inet {Table} arriving {{ type filter hook input priority 0; }}\nadd rule inet {Table} arriving iifname {NamespacePair.Device} drop\n";
        }

        if (outgoing)
        {
            rules += $"add chain inet {Table} leaving {{ type filter hook output priority 0; }}\nadd rule inet {Table} leaving oifname {NamespacePair.Device} drop\n";
        }

        return place.ExecuteAsync("sh", "-c", $"nft -f - <<'END'\n{rules}END");
    }

    private static Task PassAsync(NetworkNamespace place) => place.ExecuteAsync("nft", "delete", "table", "inet", Table);

    private static Task LinkAsync(NetworkNamespace place, string state) => place.ExecuteAsync("ip", "link", "set", NamespacePair.Device, state);
}
