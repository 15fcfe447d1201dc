using Xunit;

namespace Connector.Tests.Processes;

/// <summary>One <c>connector dev</c> for all tests that do not harm it, started by the first that asks.</summary>
public sealed class SharedDev : IAsyncLifetime
{
    private ConnectorProcess? connector;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (connector is not null)
        {
            await connector.DisposeAsync();
        }
    }

    internal async Task<ConnectorProcess> GetAsync(CancellationToken cancellation)
    {
        if (connector is { Process.HasExited: true })
        {
            throw new InvalidOperationException($"The shared connector ended with {connector.Process.ExitCode}. It wrote:\n{connector.Process.Output}");
        }

        return connector ??= await ConnectorProcess.StartDevAsync([], cancellation);
    }
}
