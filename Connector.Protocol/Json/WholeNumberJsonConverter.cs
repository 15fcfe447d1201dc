using System.Text.Json;
using System.Text.Json.Serialization;

namespace Connector.Protocol.Json;

/// <summary>All numbers of a protobuf Struct are doubles, so 22 may arrive as 22.0.</summary>
internal sealed class WholeNumberJsonConverter : JsonConverter<int>
{
    public override int Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        => reader.TokenType == JsonTokenType.Number
           && reader.TryGetDouble(out var number)
           && number is >= int.MinValue and <= int.MaxValue
           && double.IsInteger(number)
            ? (int)number
            : throw new JsonException("expected a whole number");

    public override void Write(Utf8JsonWriter writer, int value, JsonSerializerOptions options) => writer.WriteNumberValue(value);
}
