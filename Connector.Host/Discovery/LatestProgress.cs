using Connector.Plugins;

namespace Connector.Host.Discovery;

/// <summary>The last that a scan told. Thread-safe.</summary>
internal sealed class LatestProgress : IProgress<DiscoveryProgress>
{
    private readonly Lock gate = new();
    private DiscoveryProgress? latest;

    public void Report(DiscoveryProgress value)
    {
        lock (gate)
        {
            latest = value;
        }
    }

    /// <summary>Null when there is nothing new.</summary>
    public DiscoveryProgress? Take()
    {
        lock (gate)
        {
            var taken = latest;
            latest = null;
            return taken;
        }
    }
}
