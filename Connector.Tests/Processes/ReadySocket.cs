using System.Net;
using System.Text.Json.Serialization;

namespace Connector.Tests.Processes;

/// <summary>A socket in a ready file.</summary>
/// <param name="Endpoint">Where users connect, host:port.</param>
internal sealed record ReadySocket(
    [property: JsonPropertyName("name")] string Name,
    [property: JsonPropertyName("id")] string Id,
    [property: JsonPropertyName("type")] string Type,
    [property: JsonPropertyName("endpoint")] string Endpoint)
{
    public int Port => int.Parse(Endpoint[(Endpoint.LastIndexOf(':') + 1)..], System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>All sockets of <c>dev</c> are on loopback, whatever name the endpoint gives it.</summary>
    public IPEndPoint Address => new(IPAddress.Loopback, Port);
}
