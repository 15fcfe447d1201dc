using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Feed;

namespace Connector.Server.Edge;

/// <summary>What to do so that the sockets of one state become those of the next.</summary>
internal sealed record EdgeStateDifference(
    ImmutableArray<EdgeSocket> Added, ImmutableArray<EdgeSocket> Changed, ImmutableArray<SocketId> Removed)
{
    public static EdgeStateDifference Between(IReadOnlyDictionary<SocketId, EdgeSocket> present, ImmutableArray<EdgeSocket> wanted)
    {
        var seen = new HashSet<SocketId>();
        var added = ImmutableArray.CreateBuilder<EdgeSocket>();
        var changed = ImmutableArray.CreateBuilder<EdgeSocket>();
        foreach (var socket in wanted)
        {
            if (!seen.Add(socket.Id))
            {
                continue;
            }

            if (!present.TryGetValue(socket.Id, out var old))
            {
                added.Add(socket);
            }
            else if (!old.Equals(socket))
            {
                changed.Add(socket);
            }
        }

        return new(added.ToImmutable(), changed.ToImmutable(), [.. present.Keys.Where(id => !seen.Contains(id))]);
    }

    /// <summary>Whether a state may follow another: within one incarnation of the store it must be newer.</summary>
    public static bool Follows(DesiredStateVersion next, DesiredStateVersion present)
        => next.Incarnation != present.Incarnation || next.Number >= present.Number;
}
