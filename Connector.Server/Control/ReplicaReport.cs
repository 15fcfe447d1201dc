using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>What a replica told last, seen from now.</summary>
/// <param name="Silence">Since its newest report.</param>
public sealed record ReplicaReport(ReplicaId ReplicaId, TimeSpan Silence, ImmutableArray<ReportedPath> Paths);
