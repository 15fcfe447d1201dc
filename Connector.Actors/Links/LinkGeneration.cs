using Connector.Relay.Lanes;

namespace Connector.Actors.Links;

/// <summary>One link out of those that a replica makes to an edge one after the other. Shared by its lanes; thread-safe.</summary>
internal sealed class LinkGeneration(ILink link, int number)
{
    private int made;

    public ILink Link { get; } = link;

    public int Number { get; } = number;

    /// <summary>
    /// Whether a welcomed lane belongs to the link as we know it. The edge makes the link once, with whichever lane comes first; when it makes
    /// it a second time it has forgotten the first, and its stream ids would start over.
    /// </summary>
    public bool TryConfirm(LaneWelcome welcome) => welcome.KnownLink || Interlocked.Increment(ref made) == 1;
}
