using System.Collections.Immutable;
using System.Text.Json;

namespace Connector.Host.Status;

/// <summary>What a replica's health endpoint answers at /status, names in snake_case. Unknown keys are skipped, absent ones are null or empty.</summary>
public sealed record ReplicaStatus
{
    public static readonly JsonSerializerOptions Json = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, MaxDepth = 16 };

    public string? ConnectorId { get; init; }

    public string? ReplicaId { get; init; }

    public string? Version { get; init; }

    public int? Pid { get; init; }

    /// <summary>leader, member, lone, ungrouped or draining.</summary>
    public string? Role { get; init; }

    /// <summary>ready, or why it is not.</summary>
    public string? Status { get; init; }

    public bool? Ready { get; init; }

    public bool Draining { get; init; }

    public double? DrainTimeoutSeconds { get; init; }

    public DateTimeOffset? StartedAt { get; init; }

    public StreamsStatus? Streams { get; init; }

    public GroupStatus? Group { get; init; }

    public ControlSessionStatus? ControlSession { get; init; }

    public ImmutableArray<LinkStatus>? Links { get; init; }

    public ImmutableArray<SocketStatus>? Sockets { get; init; }

    /// <summary>The control plane answered that another process is this connector's control session.</summary>
    public bool IsRefusedAsConnected
        => ControlSession is { State: not "online" } && ControlSession.Reason?.Contains("already connected", StringComparison.OrdinalIgnoreCase) == true;
}

/// <param name="OldestSeconds">How long the oldest has been running; 0 when there is none.</param>
public sealed record StreamsStatus(int Live, double OldestSeconds);

/// <param name="Members">As this replica sees them, itself among them.</param>
/// <param name="Reason">Why it is in no group; empty otherwise.</param>
public sealed record GroupStatus(long Generation, DateTimeOffset? Since, string? Reason, ImmutableArray<GroupMemberStatus>? Members);

/// <param name="Address">host:port of its remoting, as in the lists of peers.</param>
public sealed record GroupMemberStatus(string? ReplicaId, string? Address, bool Leader);

/// <param name="State">connecting, online, refused, stopped, ...</param>
public sealed record ControlSessionStatus(string? State, string? Reason, long? Epoch)
{
    public LampStatus? Lamp { get; init; }
}

public sealed record LinkStatus(string? EdgeId, bool Connected, string? Reason)
{
    public LampStatus? Path { get; init; }
}

/// <param name="State">on, off or unknown.</param>
/// <param name="AgeSeconds">Since it was proven last; null when it never was.</param>
public sealed record LampStatus(string? State, double? AgeSeconds, string? Reason);

/// <param name="State">starting, serving, unsupported or failed.</param>
public sealed record SocketStatus(string? Id, string? Name, string? Type, string? State, string? Reason, int LiveStreams)
{
    public bool Online { get; init; }

    public LampStatus? Path { get; init; }

    public LampStatus? Upstream { get; init; }
}
