using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Feed;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>A replica as its control session and the edges see it together.</summary>
internal sealed record ReplicaAnswer(
    string Id, string BootId, string? Version, DateTime? ConnectedAt, string? RemoteAddress, int Lanes, int LiveStreams, bool Draining,
    ReplicaAnswer.ConfigVersionAnswer ConfigVersion, IReadOnlyList<ReplicaAnswer.LinkAnswer> Links)
{
    /// <param name="Desired">Of the connector, as the store has it now.</param>
    /// <param name="Applied">What this replica said it has applied; absent while it has said nothing, or has what another store pushed.</param>
    internal sealed record ConfigVersionAnswer(string Incarnation, long Desired, long? Applied);

    /// <param name="Sockets">Ids of the sockets that it serves on this edge.</param>
    internal sealed record LinkAnswer(string Edge, int Lanes, int LiveStreams, bool Draining, IReadOnlyList<string> Sockets);

    /// <summary>A replica is one process: after a restart both incarnations are listed while an edge still has links of the old one.</summary>
    public static IReadOnlyList<ReplicaAnswer> Merge(ImmutableArray<ReplicaState> announced, ImmutableArray<ReplicaLinks> linked, EdgeId edge, DesiredStateVersion desired)
    {
        var states = announced.IsDefault ? [] : announced;
        var links = linked.IsDefault ? [] : linked;
        return
        [
            .. states.Select(state => (state.ReplicaId, state.BootId)).Union(links.Select(link => (link.ReplicaId, link.BootId)))
                .OrderBy(key => key.ReplicaId.Value, StringComparer.Ordinal)
                .Select(key => Of(
                    key.ReplicaId,
                    key.BootId,
                    states.FirstOrDefault(state => state.ReplicaId == key.ReplicaId && state.BootId == key.BootId),
                    [.. links.Where(link => link.ReplicaId == key.ReplicaId && link.BootId == key.BootId)],
                    edge,
                    desired)),
        ];
    }

    private static ReplicaAnswer Of(ReplicaId id, BootId bootId, ReplicaState? state, ImmutableArray<ReplicaLinks> links, EdgeId edge, DesiredStateVersion desired)
        => new(
            id.Value,
            bootId.ToString(),
            state?.Version,
            state?.ConnectedAt?.UtcDateTime,
            state?.RemoteAddress,
            links.Sum(link => link.Lanes),
            links.Sum(link => link.LiveStreams),
            links.Any(link => link.Draining),
            new ConfigVersionAnswer(
                desired.Incarnation, desired.Number, state?.Applied is { } applied && applied.Incarnation == desired.Incarnation ? applied.Number : null),
            [
                .. links.Select(link => new LinkAnswer(
                    edge.Value, link.Lanes, link.LiveStreams, link.Draining,
                    link.Sockets.IsDefault ? [] : [.. link.Sockets.Select(socket => socket.Value)])),
            ]);
}
