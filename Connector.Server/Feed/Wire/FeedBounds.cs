namespace Connector.Server.Feed.Wire;

/// <summary>What either end may make the other hold. Both ends keep to them, and check.</summary>
internal static class FeedBounds
{
    /// <summary>Bytes of one message; gRPC refuses larger ones unread.</summary>
    public const int MaxMessageSize = 1024 * 1024;

    /// <summary>A part of a state or a batch of reports is closed once it is so large. One item more may still be in it, and is far smaller than the rest.</summary>
    public const int PartSize = 256 * 1024;

    /// <summary>Bytes of one whole state, all parts together: some 200,000 plain sockets.</summary>
    public const int MaxStateSize = 64 * 1024 * 1024;

    /// <summary>Items of one batch of reports.</summary>
    public const int MaxReports = 2_048;

    /// <summary>Ids in one report of what a replica serves.</summary>
    public const int MaxIdsPerReport = 2_000;

    /// <summary>Characters of an id, a name, a host.</summary>
    public const int MaxName = 256;

    /// <summary>Characters of a log message, a reason.</summary>
    public const int MaxText = 16 * 1024;

    public const int MaxFields = 32;

    public const int MaxAddresses = 8;

    public const int MaxPins = 8;

    /// <summary>Both ends say something at least so often.</summary>
    public static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(1);

    /// <summary>A feed that is silent for so long is stale: what it said may have changed since.</summary>
    public static readonly TimeSpan StaleAfter = TimeSpan.FromSeconds(3);

    /// <summary>A stream that is silent for so long is given up, and dialled again.</summary>
    public static readonly TimeSpan DeadAfter = TimeSpan.FromSeconds(8);

    /// <summary>For the first message.</summary>
    public static readonly TimeSpan HelloDeadline = TimeSpan.FromSeconds(5);

    /// <summary>For one message to be taken by the peer's flow control.</summary>
    public static readonly TimeSpan WriteDeadline = TimeSpan.FromSeconds(10);

    /// <summary>Cut where it is too long: what comes from afar is shown to people.</summary>
    public static string Cut(string text, int most) => text.Length <= most ? text : string.Concat(text.AsSpan(0, most), " (cut)");
}
