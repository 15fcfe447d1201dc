using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Links;

/// <summary>
/// Power of two choices: of two links taken at random, the one with fewer live streams. Nearly as even as looking at all of them, and it does
/// not send every client of a burst to the one link whose count is oldest. Links whose path is on and whose upstream lamp is not off come first; among equals
/// those whose replica did not fail lately; and for a further try those of a connector that was not asked yet, for it may be gone as a whole.
/// </summary>
internal static class ReplicaChoice
{
    private const int BestRank = 0;
    private const int SameConnector = 1;
    private const int FailedLately = 2;
    private const int LampOff = 4;

    /// <param name="except">Links that were tried already.</param>
    /// <param name="memory">Null: nothing is remembered.</param>
    /// <returns>Null when no link takes streams of this socket.</returns>
    public static AdmittedLink? Choose(
        ReadOnlySpan<AdmittedLink> links, SocketId socketId, ReadOnlySpan<AdmittedLink> except, Random random, FailureMemory? memory = null)
    {
        AdmittedLink? one = null;
        AdmittedLink? two = null;
        var eligible = 0;
        var best = int.MaxValue;
        foreach (var link in links)
        {
            if (except.Contains(link) || link.Link.IsDraining || !link.Link.Serves(socketId))
            {
                continue;
            }

            // One of a better rank makes all before it of no account; without such a one they are taken as they are, for a lamp may be wrong and a memory old.
            var rank = Rank(link, socketId, except, memory);
            if (rank > best)
            {
                continue;
            }

            if (rank < best)
            {
                (best, eligible, one, two) = (rank, 0, null, null);
            }

            // A sample of two from a sequence whose length is not known: one pass, nothing allocated.
            eligible++;
            switch (eligible)
            {
                case 1:
                    one = link;
                    break;
                case 2:
                    two = link;
                    break;
                default:
                    var place = random.Next(eligible);
                    one = place == 0 ? link : one;
                    two = place == 1 ? link : two;
                    break;
            }
        }

        if (two is null)
        {
            return one;
        }

        var difference = one!.Link.LiveStreams - two.Link.LiveStreams;
        return difference < 0 || (difference == 0 && random.Next(2) == 0) ? one : two;
    }

    private static int Rank(AdmittedLink link, SocketId socketId, ReadOnlySpan<AdmittedLink> tried, FailureMemory? memory)
    {
        var rank = BestRank;
        if (!link.IsGoodFor(socketId))
        {
            rank |= LampOff;
        }

        if (memory is not null && memory.Avoids(link, socketId))
        {
            rank |= FailedLately;
        }

        foreach (var other in tried)
        {
            if (other.ConnectorId == link.ConnectorId)
            {
                return rank | SameConnector;
            }
        }

        return rank;
    }
}
