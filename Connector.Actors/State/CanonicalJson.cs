using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Actors.State;

/// <summary>JSON of a Struct with sorted keys and whole numbers without a fraction: equal configuration is equal text.</summary>
internal static class CanonicalJson
{
    // The text is compared and parsed, never put into a page: escape only what JSON must escape.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Beyond it a double cannot tell neighbouring whole numbers apart.
    private const double LargestExactWhole = 9007199254740992;

    /// <exception cref="FormatException">A number that JSON cannot express.</exception>
    public static string Write(Struct value)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
            Write(writer, value);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write(Utf8JsonWriter writer, Struct value)
    {
        writer.WriteStartObject();
        foreach (var (name, field) in value.Fields.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            writer.WritePropertyName(name);
            Write(writer, field);
        }

        writer.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter writer, Value value)
    {
        switch (value.KindCase)
        {
            case Value.KindOneofCase.StructValue:
                Write(writer, value.StructValue);
                break;
            case Value.KindOneofCase.ListValue:
                writer.WriteStartArray();
                foreach (var item in value.ListValue.Values)
                    Write(writer, item);
                writer.WriteEndArray();
                break;
            case Value.KindOneofCase.StringValue:
                writer.WriteStringValue(value.StringValue);
                break;
            case Value.KindOneofCase.BoolValue:
                writer.WriteBooleanValue(value.BoolValue);
                break;
            case Value.KindOneofCase.NumberValue:
                Write(writer, value.NumberValue);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void Write(Utf8JsonWriter writer, double number)
    {
        if (!double.IsFinite(number))
            throw new FormatException($"the number {number} has no form in JSON");
        if (Math.Floor(number) == number && Math.Abs(number) <= LargestExactWhole)
            writer.WriteNumberValue((long)number);
        else
            writer.WriteNumberValue(number);
    }
}
