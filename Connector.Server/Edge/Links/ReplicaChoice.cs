using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Links;

/// <summary>
/// Power of two choices: of two links taken at random, the one with fewer live streams. Nearly as even as looking at all of them, and it does
/// not send every client of a burst to the one link whose count is oldest. Links whose path is on and whose upstream lamp is not off come first.
/// </summary>
internal static class ReplicaChoice
{
    /// <param name="except">Links that were tried already.</param>
    /// <returns>Null when no link takes streams of this socket.</returns>
    public static AdmittedLink? Choose(ReadOnlySpan<AdmittedLink> links, SocketId socketId, ReadOnlySpan<AdmittedLink> except, Random random)
    {
        AdmittedLink? one = null;
        AdmittedLink? two = null;
        var eligible = 0;
        var good = false;
        foreach (var link in links)
        {
            if (except.Contains(link) || link.Link.IsDraining || !link.Link.Serves(socketId))
            {
                continue;
            }

            // One whose lamps are on makes all others of no account; without such a one they are taken as they are, for a lamp may be wrong.
            if (link.IsGoodFor(socketId) != good)
            {
                if (good)
                {
                    continue;
                }

                (good, eligible, one, two) = (true, 0, null, null);
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
}
