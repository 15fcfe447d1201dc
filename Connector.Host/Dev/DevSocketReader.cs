using System.Text.Json.Nodes;
using Connector.Host.Running;

namespace Connector.Host.Dev;

/// <summary>Reads a socket as the API answers it. An answer without the parts that are looked for is a socket that is not served.</summary>
internal static class DevSocketReader
{
    public static DevSocket Read(JsonNode socket, string connectorId)
    {
        var type = Text(socket["socket_type"]);
        var service = Service(socket["upstream_configuration"]);
        var upstream = service is null ? "" : $"{Text(service["hostname"])}:{service["port"]}";
        return new DevSocket(
            new ReadySocket(Text(socket["name"]), Text(socket["socket_id"]), type, Text(socket["endpoint"])),
            Scheme(type, service),
            upstream,
            socket["connector_ids"] is JsonArray connectors && connectors.Any(id => Text(id) == connectorId),
            NotServed(socket));
    }

    /// <summary>Whether waiting may still help.</summary>
    public static bool IsStarting(JsonNode socket)
        => NotServed(socket) is not null && Text(socket["status"]?["state"]) is not ("failed" or "unsupported") && Text(socket["listener"]?["state"]) != "failed";

    private static string? NotServed(JsonNode socket)
    {
        var (status, listener) = (socket["status"], socket["listener"]);
        return Text(status?["state"]) is "failed" or "unsupported" ? Reason(status!, "the replica cannot serve it")
            : Text(listener?["state"]) == "failed" ? Reason(listener!, "its port cannot be had")
            : socket["alive"]?.GetValueKind() == System.Text.Json.JsonValueKind.True && Text(listener?["state"]) == "listening" ? null
            : "no replica serves it";
    }

    private static string Reason(JsonNode of, string otherwise) => Text(of["reason"]) is { Length: > 0 } reason ? reason.TrimEnd('.') : otherwise;

    /// <summary>The part with hostname and port; it is one or two levels below the upstream configuration.</summary>
    private static JsonObject? Service(JsonNode? upstream) => upstream is not JsonObject fields ? null
        : fields.ContainsKey("hostname") ? fields
        : fields.Select(field => Service(field.Value)).FirstOrDefault(found => found is not null);

    private static string Scheme(string type, JsonObject? service) => type switch
    {
        "http" => Text(service?["scheme"]) == "https" ? "https" : "http",
        "database" => Text(service?["protocol"]) is { Length: > 0 } protocol ? protocol : type,
        "tls" => "tcp",
        _ => type,
    };

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";
}
