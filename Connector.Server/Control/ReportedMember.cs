using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>A replica of the group as the one with the control session reported it.</summary>
/// <param name="GroupBootId">Null for a replica that runs alone.</param>
/// <param name="StartedAt">Of the process, by its own clock.</param>
internal sealed record ReportedMember(
    ClaimIdentity Identity, GroupBootId? GroupBootId, string Version, DateTimeOffset? StartedAt, bool Draining, int LiveStreams, bool Leader);
