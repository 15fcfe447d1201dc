using System.Collections.Immutable;
using System.Text.Json;
using Connector.Protocol.Ids;
using Connector.Protocol.Tls;

namespace Connector.Protocol.Tokens;

/// <summary>Turns a payload into claims. Only shapes and bounds are judged here; signature and times are the verifier's.</summary>
internal static class ClaimReader
{
    private const int MaximumPins = 8;
    private const int MaximumText = 256;
    private const int MaximumUrl = 2048;
    private const long LatestUnixSeconds = 253_402_300_799;

    /// <exception cref="FormatException">Names the claim.</exception>
    public static ConnectorTokenClaims ConnectorToken(JsonElement payload)
    {
        ExpectAudience(payload, TokenAudience.Connector, "a connector token");
        return new ConnectorTokenClaims(
            Text(payload, ClaimNames.TokenId),
            new ConnectorId(Text(payload, ClaimNames.ConnectorId)),
            Text(payload, ClaimNames.OrganizationId),
            Url(payload),
            Pins(payload),
            Time(payload, ClaimNames.IssuedAt) ?? throw Missing(ClaimNames.IssuedAt),
            Time(payload, ClaimNames.ExpiresAt));
    }

    /// <exception cref="FormatException">Names the claim.</exception>
    public static TicketClaims Ticket(JsonElement payload)
    {
        ExpectAudience(payload, TokenAudience.Edge, "a ticket for an edge");
        if (!payload.TryGetProperty(ClaimNames.Confirmation, out var confirmation) || confirmation.ValueKind != JsonValueKind.Object)
        {
            throw Missing(ClaimNames.Confirmation);
        }

        return new TicketClaims(
            Text(payload, ClaimNames.TokenId),
            new ConnectorId(Text(payload, ClaimNames.ConnectorId)),
            Text(payload, ClaimNames.OrganizationId),
            new ReplicaId(Text(payload, ClaimNames.ReplicaId)),
            new KeyThumbprint(Text(confirmation, ClaimNames.KeyThumbprint)),
            Time(payload, ClaimNames.IssuedAt) ?? throw Missing(ClaimNames.IssuedAt),
            Time(payload, ClaimNames.ExpiresAt) ?? throw Missing(ClaimNames.ExpiresAt));
    }

    /// <exception cref="FormatException">Names the claim.</exception>
    public static EdgeCredentialClaims EdgeCredential(JsonElement payload)
    {
        ExpectAudience(payload, TokenAudience.EdgeCredential, "an edge credential");
        return new EdgeCredentialClaims(
            Text(payload, ClaimNames.TokenId),
            new EdgeId(Text(payload, ClaimNames.EdgeId)),
            Text(payload, ClaimNames.OrganizationId),
            Url(payload),
            Pins(payload),
            Time(payload, ClaimNames.IssuedAt) ?? throw Missing(ClaimNames.IssuedAt),
            Time(payload, ClaimNames.ExpiresAt));
    }

    private static void ExpectAudience(JsonElement payload, string expected, string kind)
    {
        if (!payload.TryGetProperty(ClaimNames.Audience, out var audience))
        {
            throw new FormatException($"this is not {kind}: it has no audience (aud), expected \"{expected}\"");
        }

        if (audience.ValueKind != JsonValueKind.String || !audience.ValueEquals(expected))
        {
            throw new FormatException($"this is not {kind}: its audience (aud) is not \"{expected}\"");
        }
    }

    private static string Text(JsonElement parent, string name)
    {
        if (!parent.TryGetProperty(name, out var value) || value.ValueKind is JsonValueKind.Null)
        {
            throw Missing(name);
        }

        if (value.ValueKind != JsonValueKind.String || Read(value) is not { Length: > 0 and <= MaximumText } text)
        {
            throw new FormatException($"the token's claim {name} is not a text of 1 to {MaximumText} characters");
        }

        return text;
    }

    private static Uri Url(JsonElement payload)
    {
        if (!payload.TryGetProperty(ClaimNames.ServerUrl, out var value))
        {
            throw Missing(ClaimNames.ServerUrl);
        }

        return value.ValueKind == JsonValueKind.String
               && Read(value) is { Length: <= MaximumUrl } text
               && Uri.TryCreate(text, UriKind.Absolute, out var url)
               && (url.Scheme == Uri.UriSchemeHttps || url.Scheme == Uri.UriSchemeHttp)
            ? url
            : throw new FormatException($"the token's claim {ClaimNames.ServerUrl} is not an http or https URL");
    }

    private static ImmutableArray<string> Pins(JsonElement payload)
    {
        if (!payload.TryGetProperty(ClaimNames.CaPins, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return [];
        }

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() > MaximumPins)
        {
            throw new FormatException($"the token's claim {ClaimNames.CaPins} is not a list of at most {MaximumPins} pins");
        }

        var pins = ImmutableArray.CreateBuilder<string>(value.GetArrayLength());
        foreach (var element in value.EnumerateArray())
        {
            pins.Add(element.ValueKind == JsonValueKind.String && Read(element) is { } pin && ServerTrust.IsPin(pin)
                ? pin
                // Ignoring a pin that cannot be read would widen the trust to whatever is left.
                : throw new FormatException($"the token's claim {ClaimNames.CaPins} holds something that is not \"sha256/\" and 32 bytes of base64"));
        }

        return pins.MoveToImmutable();
    }

    private static DateTimeOffset? Time(JsonElement payload, string name)
    {
        if (!payload.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var seconds) && seconds is >= 0 and <= LatestUnixSeconds
            ? DateTimeOffset.FromUnixTimeSeconds((long)seconds)
            : throw new FormatException($"the token's claim {name} is not a time in seconds since 1970");
    }

    /// <summary>Null when the text holds half of a surrogate pair: valid JSON, but no text.</summary>
    private static string? Read(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static FormatException Missing(string name) => new($"the token has no claim {name}");
}
