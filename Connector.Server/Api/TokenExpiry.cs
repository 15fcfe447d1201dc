using System.Globalization;
using System.Text.Json;

namespace Connector.Server.Api;

/// <summary>Reads expires_at: Unix seconds as a number or as text, or RFC 3339. 0 and empty mean none.</summary>
internal static class TokenExpiry
{
    // The last second that a date can name.
    private const long MaxUnixSeconds = 253_402_300_799;

    public static DateTimeOffset? Read(RequestFields fields, DateTimeOffset now)
    {
        var expiry = fields.Get("expires_at") switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } number => Seconds(number.GetRawText()),
            { ValueKind: JsonValueKind.String } => Text(fields.Text("expires_at")!),
            { } other => throw Wrong(RequestFields.Describe(other)),
        };
        return expiry <= now
            ? throw ApiError.Invalid($"expires_at: {Rfc3339(expiry.Value)} is in the past (it is {Rfc3339(now)} here); name a later time, or leave it out for none")
            : expiry;
    }

    private static DateTimeOffset? Text(string text)
    {
        if (text.Length == 0)
        {
            return null;
        }

        if (text.All(letter => char.IsAsciiDigit(letter) || letter == '.'))
        {
            return Seconds(text);
        }

        // Without an offset the time would be whatever zone this server is in.
        return text.Length >= 20 && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-')
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var time)
            ? time
            : throw Wrong($"\"{text}\"");
    }

    private static DateTimeOffset? Seconds(string text)
    {
        if (!decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) || seconds < 0 || seconds > MaxUnixSeconds)
        {
            throw Wrong(text);
        }

        return seconds == 0 ? null : DateTimeOffset.FromUnixTimeSeconds((long)seconds);
    }

    private static string Rfc3339(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static ApiError Wrong(string got)
        => ApiError.Invalid($"expires_at: expected Unix seconds or a time like 2027-01-31T12:00:00Z, got {got}");
}
