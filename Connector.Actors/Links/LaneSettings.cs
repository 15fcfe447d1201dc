namespace Connector.Actors.Links;

/// <summary>How this replica keeps its lanes up.</summary>
public sealed record LaneSettings
{
    public static readonly LaneSettings Default = new();

    /// <summary>Shared lanes per link.</summary>
    public int SharedLanes { get; init; } = 2;

    public TimeSpan ShortestWait { get; init; } = TimeSpan.FromSeconds(0.1);

    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>A lane that lived so long starts over with the shortest wait.</summary>
    public TimeSpan Proven { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait after the edge refused the ticket, when no new one comes.</summary>
    public TimeSpan TicketRetry { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>A retry-after of the edge is honoured up to this.</summary>
    public TimeSpan LongestRetryAfter { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>TCP and TLS to one address of the edge.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same while streams wait for a lane: a path that is back is found soon, also when the last packet to it was lost.
    /// At least three times what the quickest dial took.</summary>
    public TimeSpan HurriedConnectTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait between two dials while streams wait for a lane.</summary>
    public TimeSpan HurriedWait { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>A link without a lane for so long is given up for a new one, with the streams that waited for it.</summary>
    public TimeSpan Detached { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bound of the grace that an edge may give when it sends us away.</summary>
    public TimeSpan LongestGrace { get; init; } = TimeSpan.FromHours(1);
}
