using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>One message of a replica about its sockets, bounded and cleaned.</summary>
/// <param name="Statuses">Those that changed, with the number that stands for the socket in <paramref name="Proofs"/>; 0 for none.</param>
/// <param name="Paths">Of all edges; empty for no news.</param>
/// <param name="Proofs">Ages of the upstream lamps that did not change.</param>
internal sealed record SocketReport(
    ReplicaId ReplicaId,
    ImmutableArray<(ConnectorsProtocol.SocketState State, uint Ref)> Statuses,
    ImmutableArray<ReportedPath> Paths,
    ImmutableArray<(uint Ref, TimeSpan Age)> Proofs);
