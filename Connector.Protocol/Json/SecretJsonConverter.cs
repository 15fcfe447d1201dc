using System.Text.Json;
using System.Text.Json.Serialization;

namespace Connector.Protocol.Json;

/// <summary>Secrets are plain text on the wire and hidden everywhere else.</summary>
internal sealed class SecretJsonConverter : JsonConverter<Secret>
{
    public override Secret? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType == JsonTokenType.String ? new Secret(reader.GetString()!) : throw new JsonException("expected a text");

    public override void Write(Utf8JsonWriter writer, Secret value, JsonSerializerOptions options) => writer.WriteStringValue(value.Reveal());
}
