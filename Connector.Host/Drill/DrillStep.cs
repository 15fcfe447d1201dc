namespace Connector.Host.Drill;

/// <param name="ReplicaId">Null: chosen when its turn comes, by who leads then.</param>
internal sealed record DrillStep(DrillEvent Event, string? ReplicaId = null);
