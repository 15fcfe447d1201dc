using System.Collections.Immutable;

namespace Connector.Server.Control;

/// <summary>Names in the request header <c>x-connector-features</c>: what we add to the public protocol and the peer understands.</summary>
internal static class ControlFeatures
{
    public const string Header = "x-connector-features";
    public const string NonceHeader = "x-connector-nonce";
    public const string RetryAfterTrailer = "retry-after-ms";

    public const string Hello = "hello";
    public const string HelloAck = "hello_ack";
    public const string Challenge = "challenge";
    public const string LogsAck = "logs_ack";
    public const string Tickets = "tickets";
    public const string Edges = "edges";
    public const string Discovery = "discovery";
    public const string ConfigVersion = "config_version";

    private const int MaxHeaderLength = 1024;

    /// <summary>Reads the comma-separated list. Without <see cref="Hello"/> nothing of ours is spoken: everything else needs a proved identity.</summary>
    public static ImmutableHashSet<string> Parse(string? header)
    {
        if (string.IsNullOrEmpty(header) || header.Length > MaxHeaderLength)
        {
            return [];
        }

        var features = header.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).ToImmutableHashSet(StringComparer.Ordinal);
        return features.Contains(Hello) ? features : [];
    }
}
