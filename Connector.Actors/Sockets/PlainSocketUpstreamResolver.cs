using System.Text.Json;
using Connector.Actors.Reach;

namespace Connector.Actors.Sockets;

/// <summary>Reads host and port of the socket types that are a plain byte relay.</summary>
internal sealed class PlainSocketUpstreamResolver : ISocketUpstreamResolver
{
    public SocketUpstreamChoice Resolve(SocketDefinition definition)
    {
        try
        {
            using var document = JsonDocument.Parse(definition.ConfigJson);
            return TryObject(document.RootElement, "upstream_configuration", out var upstream)
                ? Read(definition.Type, upstream)
                : Missing("upstream_configuration");
        }
        catch (JsonException e)
        {
            return new SocketUpstreamChoice.Invalid($"its configuration is not JSON: {e.Message}");
        }
    }

    private static SocketUpstreamChoice Read(string type, JsonElement config)
    {
        if (type is not ("tls" or "http" or "ssh" or "database" or "vnc" or "rdp"))
            return new SocketUpstreamChoice.Unsupported($"sockets of type \"{type}\" are not served by this replica");

        var section = $"{type}_service_configuration";
        if (!TryObject(config, section, out var service))
            return Missing(section);

        if (type is "vnc" or "rdp")
            return HostAndPort(service, section);

        var kind = TryString(service, $"{type}_service_type", out var text) ? text : "standard";
        if (kind != "standard")
            return new SocketUpstreamChoice.Unsupported($"{type} sockets of type \"{kind}\" are not served by this replica");

        var inner = $"standard_{type}_service_configuration";
        return TryObject(service, inner, out var standard) ? HostAndPort(standard, inner) : Missing(inner);
    }

    private static SocketUpstreamChoice HostAndPort(JsonElement section, string name)
    {
        if (!TryString(section, "hostname", out var host) || host.Length == 0)
            return Missing($"{name}.hostname");
        if (!section.TryGetProperty("port", out var value) || value.ValueKind != JsonValueKind.Number
            || !value.TryGetInt32(out var port) || port is < 1 or > 65535)
        {
            return new SocketUpstreamChoice.Invalid($"{name}.port in its configuration must be a number from 1 to 65535");
        }

        return new SocketUpstreamChoice.PlainRelay(new PlainUpstream(host, port));
    }

    private static SocketUpstreamChoice.Invalid Missing(string name) => new($"its configuration has no {name}");

    private static bool TryObject(JsonElement element, string name, out JsonElement value)
    {
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind == JsonValueKind.Object;
    }

    private static bool TryString(JsonElement element, string name, out string value)
    {
        value = "";
        if (!element.TryGetProperty(name, out var found) || found.ValueKind != JsonValueKind.String)
            return false;
        value = found.GetString()!;
        return true;
    }
}
