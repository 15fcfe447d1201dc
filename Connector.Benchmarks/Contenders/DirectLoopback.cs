namespace Connector.Benchmarks.Contenders;

/// <summary>No relay at all: what the load program and the machine can do.</summary>
internal sealed class DirectLoopback : IContender
{
    public string Key => "direct";

    public string Title => "direct loopback";

    public string? Missing() => null;

    public Task<RunningContender> StartAsync(int targetPort, CancellationToken cancellation)
        => Task.FromResult(new RunningContender { Port = targetPort });
}
