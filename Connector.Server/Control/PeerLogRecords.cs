using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Control;

/// <summary>Log messages of a peer as records of the store: bounded, one line, with a severity we know. The connector is the token's, whatever the message says.</summary>
internal static class PeerLogRecords
{
    private const int MaxIdLength = 128;

    /// <param name="source">Who wrote it: a replica id, or "connector" for a peer without one.</param>
    public static LogRecord Read(Log log, string source, int maxMessageLength, DateTimeOffset now)
        => new(
            Time(log.Timestamp, now),
            Severity(log.Severity),
            OneLine(log.Message, maxMessageLength),
            log.SocketId.Length is 0 or > MaxIdLength ? null : new SocketId(log.SocketId),
            log.PluginId.Length is 0 or > MaxIdLength ? null : new PluginId(log.PluginId),
            source);

    public static string Severity(string text) => text.Length > 16 ? "info" : text.ToLowerInvariant() switch
    {
        "debug" or "trace" => "debug",
        "warn" or "warning" => "warn",
        "error" or "err" or "fatal" or "critical" or "panic" or "dpanic" => "error",
        _ => "info",
    };

    public static string OneLine(string text, int maxLength)
    {
        if (text.Length > maxLength)
        {
            text = text[..maxLength];
        }

        return text.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0 ? text : string.Create(text.Length, text, static (line, source) =>
        {
            for (var i = 0; i < line.Length; i++)
            {
                line[i] = source[i] < ' ' ? ' ' : source[i];
            }
        });
    }

    private static DateTimeOffset Time(Timestamp? timestamp, DateTimeOffset now)
    {
        try
        {
            return timestamp?.ToDateTimeOffset() ?? now;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            return now;
        }
    }
}
