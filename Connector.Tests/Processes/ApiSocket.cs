using System.Globalization;
using System.Text.Json.Nodes;

namespace Connector.Tests.Processes;

/// <summary>A socket as the REST API made it.</summary>
/// <param name="Port">Where users connect, on loopback.</param>
internal sealed record ApiSocket(string Id, string Name, int Port)
{
    public static ApiSocket Of(JsonNode made)
    {
        var endpoint = Text(made, "endpoint");
        return new ApiSocket(Text(made, "socket_id"), Text(made, "name"), int.Parse(endpoint[(endpoint.LastIndexOf(':') + 1)..], CultureInfo.InvariantCulture));
    }

    private static string Text(JsonNode made, string key) => (string?)made[key] ?? throw new InvalidDataException($"The new socket has no {key}: {made.ToJsonString()}");
}
