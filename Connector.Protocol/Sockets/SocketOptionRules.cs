using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>What must hold for the options of a socket beside its upstream. Problems begin with the JSON path.</summary>
public static class SocketOptionRules
{
    public const string LimitsKey = "limits";
    public const string UpstreamCheckKey = "upstream_check";
    public const string UpstreamProxyProtocolKey = "upstream_proxy_protocol";

    private const int Year = 365 * 24 * 60 * 60;

    /// <summary>Keys of <c>limits</c> and the highest value of each; the lowest is 0, which stands for the default.</summary>
    public static readonly ImmutableArray<(string Key, int Highest)> Limits =
    [
        ("max_streams", 1_000_000), ("max_bytes_per_second", int.MaxValue), ("max_opens_per_second", 1_000_000),
        ("idle_timeout_seconds", Year), ("max_age_seconds", Year),
    ];

    /// <summary>As <see cref="Limits"/>, for <c>upstream_check</c>; beside them it has the key <c>enabled</c>.</summary>
    public static readonly ImmutableArray<(string Key, int Highest)> UpstreamCheck = [("interval_seconds", 3_600), ("timeout_seconds", 60)];

    /// <summary>Of a value of these keys that is out of bounds, after its path.</summary>
    public static string Bounds(int highest) => $"must be a whole number from 1 to {highest}, or 0 for the default";

    internal static IReadOnlyList<string> Problems(SocketConfiguration configuration) =>
    [
        .. configuration.Limits is { } limits
            ? Numbers(LimitsKey, Limits, limits.MaxStreams, limits.MaxBytesPerSecond, limits.MaxOpensPerSecond, limits.IdleTimeoutSeconds, limits.MaxAgeSeconds)
            : [],
        .. configuration.UpstreamCheck is { } check ? Numbers(UpstreamCheckKey, UpstreamCheck, check.IntervalSeconds, check.TimeoutSeconds) : [],
    ];

    /// <summary>Null when it is known.</summary>
    internal static string? UnknownProxyProtocol(SocketConfiguration configuration)
        => configuration.UpstreamProxyProtocol is null or Sockets.UpstreamProxyProtocol.None or Sockets.UpstreamProxyProtocol.V2
            ? null
            : $"{UpstreamProxyProtocolKey}: must be \"{Sockets.UpstreamProxyProtocol.V2}\", or \"\" for none";

    private static IEnumerable<string> Numbers(string path, ImmutableArray<(string Key, int Highest)> known, params int?[] values)
        => known.Zip(values).Where(pair => pair.Second is { } value && (value < 0 || value > pair.First.Highest))
            .Select(pair => $"{path}.{pair.First.Key}: {Bounds(pair.First.Highest)}, not {pair.Second}");
}
