using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Protocol.Json;

/// <summary>JSON with sorted keys and no white space, so that equal content is equal text.</summary>
public static class CanonicalJson
{
    // The text is compared and parsed, never put into a page: escape only what JSON must escape.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Beyond it a double cannot tell neighbouring whole numbers apart.
    private const double LargestExactWhole = 9007199254740992;

    public static string Write(JsonElement element) => Write(writer => WriteTo(writer, element));

    /// <summary>Whole numbers come without a fraction.</summary>
    /// <exception cref="FormatException">A number that JSON cannot express.</exception>
    public static string Write(Struct value) => Write(writer => WriteTo(writer, value));

    public static string Write(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void WriteTo(Utf8JsonWriter writer, JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var property in element.EnumerateObject().OrderBy(property => property.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(property.Name);
                    WriteTo(writer, property.Value);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in element.EnumerateArray())
                    WriteTo(writer, item);
                writer.WriteEndArray();
                break;
            case JsonValueKind.String:
                writer.WriteStringValue(element.GetString());
                break;
            default:
                element.WriteTo(writer);
                break;
        }
    }

    private static void WriteTo(Utf8JsonWriter writer, Struct value)
    {
        writer.WriteStartObject();
        foreach (var (name, field) in value.Fields.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            WriteTo(writer, field);
        }

        writer.WriteEndObject();
    }

    private static void WriteTo(Utf8JsonWriter writer, Value value)
    {
        switch (value.KindCase)
        {
            case Value.KindOneofCase.StructValue:
                WriteTo(writer, value.StructValue);
                break;
            case Value.KindOneofCase.ListValue:
                writer.WriteStartArray();
                foreach (var item in value.ListValue.Values)
                    WriteTo(writer, item);
                writer.WriteEndArray();
                break;
            case Value.KindOneofCase.StringValue:
                writer.WriteStringValue(value.StringValue);
                break;
            case Value.KindOneofCase.BoolValue:
                writer.WriteBooleanValue(value.BoolValue);
                break;
            case Value.KindOneofCase.NumberValue:
                WriteTo(writer, value.NumberValue);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void WriteTo(Utf8JsonWriter writer, double number)
    {
        if (!double.IsFinite(number))
            throw new FormatException($"the number {number} has no form in JSON");
        if (Math.Floor(number) == number && Math.Abs(number) <= LargestExactWhole)
            writer.WriteNumberValue((long)number);
        else
            writer.WriteNumberValue(number);
    }
}
