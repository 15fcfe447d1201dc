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

    public ControlSessionStatus? ControlSession { get; init; }

    public ImmutableArray<LinkStatus>? Links { get; init; }

    public ImmutableArray<SocketStatus>? Sockets { get; init; }

    /// <summary>The control plane answered that another process is this connector's control session.</summary>
    public bool IsRefusedAsConnected
        => ControlSession is { State: not "online" } && ControlSession.Reason?.Contains("already connected", StringComparison.OrdinalIgnoreCase) == true;
}

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
