namespace Connector.Protocol.Sockets;

/// <summary>The <c>upstream_check</c> of a socket: whether and how a replica tries the upstream while nothing flows. Absent or 0 means the default.</summary>
public sealed record UpstreamCheckConfiguration
{
    public const int DefaultIntervalSeconds = 5;

    public const int DefaultTimeoutSeconds = 2;

    /// <summary>Every value is the default.</summary>
    public static readonly UpstreamCheckConfiguration Default = new();

    public bool? Enabled { get; init; }

    public int? IntervalSeconds { get; init; }

    public int? TimeoutSeconds { get; init; }

    public bool IsEnabled() => Enabled ?? true;

    public TimeSpan Interval() => TimeSpan.FromSeconds(IntervalSeconds is > 0 and var given ? given : DefaultIntervalSeconds);

    public TimeSpan Timeout() => TimeSpan.FromSeconds(TimeoutSeconds is > 0 and var given ? given : DefaultTimeoutSeconds);
}
