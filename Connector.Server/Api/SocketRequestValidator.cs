using System.Text.Json;
using Connector.Server.Store;

namespace Connector.Server.Api;

/// <summary>
/// Judges the structure of an upstream configuration: the right object for the type, no key that nobody reads, hosts and ports that can be. What a
/// value means for its service is judged by the connector.
/// </summary>
internal static class SocketRequestValidator
{
    private const string Path = "upstream_configuration";
    private const int MaxHostnameLength = 253;

    public static string RequireType(string? type)
        => type is null
            ? throw ApiError.Invalid($"socket_type: a type is needed: one of {string.Join(", ", UpstreamShapes.Types)}")
            : UpstreamShapes.Find(type) is null
                ? throw ApiError.Invalid($"socket_type: there is no type \"{type}\"; choose one of {string.Join(", ", UpstreamShapes.Types)}")
                : type;

    /// <summary>The configuration as canonical JSON, without the empty objects of other types that clients send along.</summary>
    /// <exception cref="ApiError">400, naming the key.</exception>
    public static string Validate(string socketType, JsonElement upstream)
    {
        var fields = new RequestFields(upstream, Path + ".");
        var serviceType = fields.FilledText("service_type")
            ?? throw ApiError.Invalid($"{Path}.service_type: it is missing; it must be the socket_type, \"{socketType}\"");
        if (serviceType != socketType)
        {
            throw ApiError.Invalid(
                $"{Path}.service_type is \"{serviceType}\", but socket_type is \"{socketType}\"; they must be the same");
        }

        var key = UpstreamShapes.ServiceKey(socketType);
        if (fields.Object(key) is null)
        {
            throw ApiError.Invalid($"{Path}.{key}: it is missing; a socket of type \"{socketType}\" is configured by this object");
        }

        var shape = UpstreamShapes.Find(socketType)!;
        RequireOneService(fields.Object(key)!.Value, shape);
        return CanonicalJson.Write(writer =>
        {
            writer.WriteStartObject();
            foreach (var property in Sorted(upstream))
            {
                if (property.Name == key)
                {
                    writer.WritePropertyName(key);
                    WriteKnown(writer, property.Value, shape, $"{Path}.{key}");
                }
                else if (property.Name == "service_type")
                {
                    writer.WriteString("service_type", serviceType);
                }
                else if (!IsEmpty(property.Value))
                {
                    throw Unknown($"{Path}.{property.Name}", Near(property.Name, ["service_type", key]));
                }
            }

            writer.WriteEndObject();
        });
    }

    private static string? Near(string name, string[] known)
        => ConfigurationShape.Parse(string.Join(',', known)).Nearest(name);

    private static IEnumerable<JsonProperty> Sorted(JsonElement element)
        => element.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal);

    private static void RequireOneService(RequestFields service, ConfigurationShape shape)
    {
        var kinds = shape.Keys.Where(key => key.EndsWith("_service_configuration", StringComparison.Ordinal)).ToList();
        var given = kinds.Where(key => service.Get(key) is { } value && !IsEmpty(value)).ToList();
        if (given.Count > 1)
        {
            throw ApiError.Invalid($"{service.PathOf(given[0])} and {service.PathOf(given[1])} are both given; leave one out");
        }
    }

    private static void WriteKnown(Utf8JsonWriter writer, JsonElement element, ConfigurationShape? shape, string path)
    {
        if (shape is null)
        {
            CanonicalJson.WriteTo(writer, element);
            return;
        }

        if (element.ValueKind == JsonValueKind.Array)
        {
            writer.WriteStartArray();
            var index = 0;
            foreach (var item in element.EnumerateArray())
            {
                WriteKnown(writer, item, shape, FormattableString.Invariant($"{path}[{index++}]"));
            }

            writer.WriteEndArray();
            return;
        }

        if (element.ValueKind == JsonValueKind.Null)
        {
            writer.WriteNullValue();
            return;
        }

        if (element.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.Invalid($"{path}: expected an object, got {RequestFields.Describe(element)}");
        }

        writer.WriteStartObject();
        foreach (var property in Sorted(element))
        {
            var below = $"{path}.{property.Name}";
            if (!shape.Knows(property.Name, out var child))
            {
                if (!IsEmpty(property.Value))
                {
                    throw Unknown(below, shape.Nearest(property.Name));
                }

                continue;
            }

            CheckAddress(property, below);
            writer.WritePropertyName(property.Name);
            WriteKnown(writer, property.Value, child, below);
        }

        writer.WriteEndObject();
    }

    private static void CheckAddress(JsonProperty property, string path)
    {
        if (property.Name == "port"
            && !(property.Value.ValueKind == JsonValueKind.Number && property.Value.TryGetInt32(out var port) && port is >= 1 and <= 65_535))
        {
            throw ApiError.Invalid($"{path}: expected a whole number from 1 to 65535, got {property.Value.GetRawText()}");
        }

        if (property.Name != "hostname")
        {
            return;
        }

        if (property.Value.ValueKind != JsonValueKind.String)
        {
            throw ApiError.Invalid($"{path}: expected text, got {RequestFields.Describe(property.Value)}");
        }

        var hostname = property.Value.GetString()!;
        if (hostname.Length == 0)
        {
            throw ApiError.Invalid($"{path}: it is empty; name the host that the connector is to dial");
        }

        // "from:..." is a reference that the connector resolves.
        if (!hostname.StartsWith("from:", StringComparison.Ordinal)
            && (hostname.Length > MaxHostnameLength || hostname.Any(letter => char.IsWhiteSpace(letter) || char.IsControl(letter) || "/\\@?#".Contains(letter))))
        {
            throw ApiError.Invalid($"{path}: \"{hostname}\" is not a host name or address; leave out scheme, path and port");
        }
    }

    /// <summary>What clients send for fields they know and did not set.</summary>
    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.ValueEquals(""u8),
        JsonValueKind.Number => value.TryGetDouble(out var number) && number == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.EnumerateObject().All(property => IsEmpty(property.Value)),
        _ => false,
    };

    private static ApiError Unknown(string path, string? nearest)
        => ApiError.Invalid(nearest is null
            ? $"{path}: nothing reads this key; leave it out"
            : $"{path}: nothing reads this key; did you mean \"{nearest}\"?");
}
