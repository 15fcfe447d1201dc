using System.Text.Json;
using Connector.Protocol.Json;
using Connector.Protocol.Sockets;

namespace Connector.Server.Api;

/// <summary>Judges a socket's type and upstream configuration by the models that connectors read.</summary>
internal static class SocketRequestValidator
{
    private const string Path = SocketConfigurationReader.UpstreamKey;

    public static string RequireType(string? type)
        => type is null
            ? throw ApiError.Invalid($"socket_type: a type is needed: one of {string.Join(", ", SocketTypes.All)}")
            : SocketTypes.All.Contains(type)
                ? type
                : throw ApiError.Invalid($"socket_type: there is no type \"{type}\"; choose one of {string.Join(", ", SocketTypes.All)}");

    /// <summary>The configuration as canonical JSON, without the empty fields that clients send along for all that they know.</summary>
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

        var json = CanonicalJson.Write(writer => WriteFilled(writer, upstream, always: socketType + "_service_configuration"));
        var reading = SocketConfigurationReader.ReadUpstream(json, strict: true);
        return reading.Succeeded ? json : throw ApiError.Invalid(string.Join("; ", reading.Problems));
    }

    /// <summary>What clients send for fields they know and did not set.</summary>
    public static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => true,
        JsonValueKind.String => value.ValueEquals(""u8),
        JsonValueKind.Number => value.TryGetDouble(out var number) && number == 0,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => value.EnumerateObject().All(property => IsEmpty(property.Value)),
        _ => false,
    };

    /// <param name="always">A key that stays, for an object may say by its presence alone what is wanted.</param>
    private static void WriteFilled(Utf8JsonWriter writer, JsonElement element, string? always)
    {
        writer.WriteStartObject();
        foreach (var property in element.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
        {
            if (property.Name != always && IsEmpty(property.Value))
            {
                continue;
            }

            writer.WritePropertyName(property.Name);
            if (property.Value.ValueKind == JsonValueKind.Object)
            {
                WriteFilled(writer, property.Value, always: null);
            }
            else
            {
                // Entries of lists stay whole: a header with an empty value is a header.
                CanonicalJson.WriteTo(writer, property.Value);
            }
        }

        writer.WriteEndObject();
    }
}
