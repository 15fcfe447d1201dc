using System.Buffers;
using System.Collections;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Connector.Protocol.Control.Wire;
using Google.Protobuf.WellKnownTypes;
using Microsoft.Extensions.Logging;

namespace Connector.Actors.Logs;

/// <summary>One log call → one record of the wire: a JSON object of one line with <c>msg</c> and the record's fields.</summary>
internal static class LogRecordWriter
{
    /// <summary>UTF-8 bytes of a record's message.</summary>
    public const int LargestMessage = 16 * 1024;

    private const int MostFields = 32;
    private const int LongestId = 128;
    private const int LongestErrorDetail = 4 * 1024;
    private const string TemplateField = "{OriginalFormat}";

    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static Log Write(
        DateTimeOffset at, LogLevel level, string message, Exception? exception, IEnumerable<KeyValuePair<string, object?>> fields)
    {
        var record = new Log { Timestamp = Timestamp.FromDateTimeOffset(at), Severity = SeverityOf(level) };
        var unique = new Dictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (name, value) in fields)
        {
            switch (name)
            {
                case "SocketId":
                    record.SocketId = Id(value, record.SocketId);
                    break;
                case "PluginId":
                    record.PluginId = Id(value, record.PluginId);
                    break;
                case TemplateField or "msg" or "error" or "errorVerbose" or "":
                    break;
                default:
                    if (unique.Count < MostFields)
                        unique.TryAdd(name, value);
                    break;
            }
        }

        var line = Line(message, exception, unique);
        var size = Encoding.UTF8.GetByteCount(line);
        record.Message = size <= LargestMessage ? line : Truncated(message, size);
        return record;
    }

    public static string SeverityOf(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Warning => "warn",
        LogLevel.Error or LogLevel.Critical => "error",
        _ => "info",
    };

    private static string Line(string message, Exception? exception, Dictionary<string, object?> fields)
        => Json(writer =>
        {
            writer.WriteString("msg", Sound(message));
            if (exception is not null)
            {
                writer.WriteString("error", Sound(exception.Message));
                var detail = exception.ToString();
                writer.WriteString("errorVerbose", Sound(detail.Length > LongestErrorDetail ? detail[..LongestErrorDetail] : detail));
            }

            foreach (var (name, value) in fields)
                WriteField(writer, Sound(name), value);
        });

    // The fields go first: the sentence says most. Escaping can make the text six times as long, so it is cut until it fits.
    private static string Truncated(string message, int size)
    {
        var room = LargestMessage - 256;
        var text = Sound(message);
        while (true)
        {
            var cut = text.Length > room ? text[..room] : text;
            var line = Json(writer =>
            {
                writer.WriteString("msg", Sound(cut) + "…");
                writer.WriteNumber("truncated_bytes", size);
            });
            if (Encoding.UTF8.GetByteCount(line) <= LargestMessage)
                return line;
            room = Math.Min(cut.Length, room) / 2;
        }
    }

    private static string Json(Action<Utf8JsonWriter> fields)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, Options))
        {
            writer.WriteStartObject();
            fields(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan) + "\n";
    }

    private static void WriteField(Utf8JsonWriter writer, string name, object? value)
    {
        switch (value)
        {
            case null:
                writer.WriteNull(name);
                break;
            case bool b:
                writer.WriteBoolean(name, b);
                break;
            case int or long or short or byte or uint or ushort or sbyte:
                writer.WriteNumber(name, Convert.ToInt64(value, CultureInfo.InvariantCulture));
                break;
            case double d when double.IsFinite(d):
                writer.WriteNumber(name, d);
                break;
            case TimeSpan duration:
                writer.WriteNumber(name, duration.TotalSeconds);
                break;
            default:
                writer.WriteString(name, Sound(Text(value)));
                break;
        }
    }

    private static string Id(object? value, string known)
    {
        if (known.Length > 0)
            return known;
        var id = Sound(Text(value));
        return id.Length > LongestId ? id[..LongestId] : id;
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        string s => s,
        DateTimeOffset t => t.ToString("O", CultureInfo.InvariantCulture),
        DateTime t => t.ToString("O", CultureInfo.InvariantCulture),
        IFormattable f => f.ToString(null, CultureInfo.InvariantCulture),
        IEnumerable list => string.Join(", ", list.Cast<object?>().Take(16)),
        _ => value.ToString() ?? "",
    };

    // A lone surrogate, for example of a text that was cut, would make the writer throw.
    private static string Sound(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!char.IsSurrogate(text[i]))
                continue;
            if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]))
                i++;
            else
                return Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));
        }

        return text;
    }
}
