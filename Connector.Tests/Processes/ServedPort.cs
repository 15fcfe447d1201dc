using System.Text.Json.Nodes;

namespace Connector.Tests.Processes;

/// <summary>A socket of one test in front of a port on loopback; deleted with the test.</summary>
internal sealed class ServedPort : IAsyncDisposable
{
    private readonly ConnectorProcess connector;
    private readonly ApiSocket socket;

    private ServedPort(ConnectorProcess connector, ApiSocket socket)
    {
        this.connector = connector;
        this.socket = socket;
    }

    public string Name => socket.Name;

    /// <summary>Where users connect.</summary>
    public int Port => socket.Port;

    public static async Task<ServedPort> CreateAsync(ConnectorProcess connector, int upstreamPort, Action<JsonObject>? change = null)
        => new(connector, await connector.Api.CreateSocketAsync($"test-{Guid.NewGuid().ToString("N")[..12]}", upstreamPort, change));

    public async ValueTask DisposeAsync() => await connector.Api.DeleteSocketAsync(socket);
}
