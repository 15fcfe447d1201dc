using System.Collections.Immutable;

namespace Connector.Host.Running;

/// <summary>Content of the ready file, names in snake_case. What a command does not have is null or empty.</summary>
public sealed record ReadyReport
{
    public int Pid { get; init; } = Environment.ProcessId;

    public string? PortalUrl { get; init; }

    /// <summary>Ends in /api/v1.</summary>
    public string? ApiUrl { get; init; }

    public string? Tunnel { get; init; }

    public string? AdminToken { get; init; }

    public string? ConnectorId { get; init; }

    public string? ConnectorToken { get; init; }

    /// <summary>Of an edge by itself.</summary>
    public string? EdgeId { get; init; }

    /// <summary>Of an edge by itself.</summary>
    public string? HealthUrl { get; init; }

    public ImmutableArray<ReadySocket> Sockets { get; init; } = [];

    public ImmutableArray<ReadyReplica> Replicas { get; init; } = [];

    /// <summary>Holds secrets.</summary>
    public override string ToString() => $"{nameof(ReadyReport)} {{ Pid = {Pid} }}";
}

/// <param name="Endpoint">host:port.</param>
public sealed record ReadySocket(string Name, string Id, string Type, string Endpoint);

public sealed record ReadyReplica(string Id, int Pid, string? HealthUrl);
