namespace Connector.Benchmarks.Trials.Namespaces;

/// <summary>Two network namespaces joined by a veth pair and by nothing else: the server's and the replica's.</summary>
internal sealed class NamespacePair : IAsyncDisposable
{
    public const string ServerAddress = "10.210.7.1";
    private const string ReplicaAddress = "10.210.7.2";

    /// <summary>Of the veth, on either side.</summary>
    public const string Device = "cut0";

    private NamespacePair(NetworkNamespace server, NetworkNamespace replica)
    {
        Server = server;
        Replica = replica;
    }

    public NetworkNamespace Server { get; }

    public NetworkNamespace Replica { get; }

    public static async Task<NamespacePair> CreateAsync()
    {
        var suffix = Environment.ProcessId;
        var server = await NetworkNamespace.CreateAsync($"border0-s-{suffix}");
        NetworkNamespace? replica = null;
        try
        {
            replica = await NetworkNamespace.CreateAsync($"border0-r-{suffix}");
            await server.ExecuteAsync("ip", "link", "add", Device, "type", "veth", "peer", "name", Device, "netns", replica.Name);
            await server.ExecuteAsync("ip", "addr", "add", $"{ServerAddress}/30", "dev", Device);
            await replica.ExecuteAsync("ip", "addr", "add", $"{ReplicaAddress}/30", "dev", Device);
            await server.ExecuteAsync("ip", "link", "set", Device, "up");
            await replica.ExecuteAsync("ip", "link", "set", Device, "up");
            return new NamespacePair(server, replica);
        }
        catch
        {
            if (replica is not null)
            {
                await replica.DisposeAsync();
            }

            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Replica.DisposeAsync();
        await Server.DisposeAsync();
    }
}
