namespace Connector.Actors.Sockets;

/// <summary>How this replica runs its sockets.</summary>
public sealed record SocketSettings
{
    public static readonly SocketSettings Default = new();

    public SocketLimits Limits { get; init; } = SocketLimits.Default;

    /// <summary>Crashes of one socket's actor that are repaired at once within <see cref="RestartWindow"/>.</summary>
    public int MaxRestarts { get; init; } = 5;

    public TimeSpan RestartWindow { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>First wait before a failed socket is tried again; doubles up to <see cref="LongestRetry"/>.</summary>
    public TimeSpan FirstRetry { get; init; } = TimeSpan.FromSeconds(5);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Longer than any deadline of the dialer: a dial that has not ended by then is given up without it.</summary>
    public TimeSpan DialDeadline { get; init; } = TimeSpan.FromSeconds(12);
}
