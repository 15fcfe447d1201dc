using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Actors.Sockets;

/// <summary>What has to change to get from the sockets that run to those that are wanted.</summary>
internal sealed record SocketDifference(
    ImmutableArray<SocketDefinition> Added,
    ImmutableArray<SocketDefinition> Changed,
    ImmutableArray<SocketId> Removed)
{
    /// <param name="wanted">Of several definitions with one id the last one counts.</param>
    public static SocketDifference Between(IReadOnlyDictionary<SocketId, SocketDefinition> current, IEnumerable<SocketDefinition> wanted)
    {
        var unique = new Dictionary<SocketId, SocketDefinition>();
        foreach (var definition in wanted)
            unique[definition.Id] = definition;

        return new SocketDifference(
            [.. unique.Values.Where(d => !current.ContainsKey(d.Id))],
            [.. unique.Values.Where(d => current.TryGetValue(d.Id, out var old) && old != d)],
            [.. current.Keys.Where(id => !unique.ContainsKey(id))]);
    }
}
