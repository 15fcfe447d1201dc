using Microsoft.Extensions.Hosting;

namespace Connector.Host.Running;

/// <summary>A host that leaves signals to <see cref="ShutdownSignals"/> and prints nothing of its own.</summary>
internal sealed class QuietLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
