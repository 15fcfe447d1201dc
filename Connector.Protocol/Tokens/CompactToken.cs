using System.Buffers.Text;
using System.Text.Json;

namespace Connector.Protocol.Tokens;

/// <summary>
/// The two readable parts of a signed JWT, decoded but not verified. Everything is bounded, and no failure ever contains the token.
/// </summary>
internal sealed class CompactToken
{
    /// <summary>Longer tokens are refused unread.</summary>
    public const int MaximumLength = 16 * 1024;

    // A claim given twice means one thing to one reader and another to the next.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 8, AllowDuplicateProperties = false };

    private CompactToken(JsonElement header, JsonElement payload)
    {
        Header = header;
        Payload = payload;
    }

    public JsonElement Header { get; }

    public JsonElement Payload { get; }

    /// <exception cref="FormatException">Says what is wrong, without the token.</exception>
    public static CompactToken Decode(string token)
    {
        if (string.IsNullOrWhiteSpace(token))
        {
            throw new FormatException("the token is empty");
        }

        if (token.Length > MaximumLength)
        {
            throw new FormatException($"the token has {token.Length} characters; at most {MaximumLength} are accepted");
        }

        Span<Range> parts = stackalloc Range[4];
        if (token.AsSpan().Split(parts, '.') != 3)
        {
            throw new FormatException("the token is not a signed JWT (three parts separated by dots); was it cut or joined with something else when copied?");
        }

        return new CompactToken(Part(token.AsSpan(parts[0]), "header"), Part(token.AsSpan(parts[1]), "payload"));
    }

    private static JsonElement Part(ReadOnlySpan<char> encoded, string name)
    {
        byte[] json;
        try
        {
            json = Base64Url.DecodeFromChars(encoded);
        }
        catch (FormatException)
        {
            throw new FormatException($"the token's {name} is not base64url; was it changed when copied?");
        }

        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? document.RootElement.Clone()
                : throw new FormatException($"the token's {name} is not a JSON object");
        }
        catch (JsonException)
        {
            throw new FormatException($"the token's {name} is not valid JSON; was it cut when copied?");
        }
    }
}
