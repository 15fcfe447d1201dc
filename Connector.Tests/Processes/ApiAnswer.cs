using System.Net;
using System.Text.Json.Nodes;

namespace Connector.Tests.Processes;

/// <summary>What the REST API said.</summary>
internal sealed record ApiAnswer(HttpStatusCode Status, string Body)
{
    public bool Succeeded => (int)Status is >= 200 and < 300;

    public JsonNode Json => JsonNode.Parse(Body) ?? throw new InvalidDataException("The API answered null.");

    public ApiAnswer EnsureSuccess(string what)
        => Succeeded ? this : throw new InvalidOperationException($"{what} failed: {(int)Status} {Body}");
}
