using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Actors.Links;

/// <summary>What has to change to get from the edges that are linked to those that are wanted.</summary>
internal sealed record EdgeDifference(
    ImmutableArray<LinkSupervisorProtocol.EdgeAddress> Added,
    ImmutableArray<LinkSupervisorProtocol.EdgeAddress> Changed,
    ImmutableArray<EdgeId> Removed)
{
    /// <param name="wanted">Of several entries with one id the last one counts.</param>
    public static EdgeDifference Between(
        IReadOnlyDictionary<EdgeId, LinkSupervisorProtocol.EdgeAddress> current, IEnumerable<LinkSupervisorProtocol.EdgeAddress> wanted)
    {
        var unique = new Dictionary<EdgeId, LinkSupervisorProtocol.EdgeAddress>();
        foreach (var edge in wanted)
            unique[edge.EdgeId] = edge;

        return new EdgeDifference(
            [.. unique.Values.Where(e => !current.ContainsKey(e.EdgeId))],
            [.. unique.Values.Where(e => current.TryGetValue(e.EdgeId, out var old) && !Same(old, e))],
            [.. current.Keys.Where(id => !unique.ContainsKey(id))]);
    }

    // The record's own equality compares the arrays by reference.
    private static bool Same(LinkSupervisorProtocol.EdgeAddress a, LinkSupervisorProtocol.EdgeAddress b)
        => a.Addresses.SequenceEqual(b.Addresses) && a.CaPins.SequenceEqual(b.CaPins);
}
