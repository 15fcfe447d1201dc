using System.Collections.Immutable;
using Connector.Protocol.Discovery;

namespace Connector.Plugins;

/// <summary>What one scan of one source found.</summary>
/// <param name="Warnings">What could not be found out about resources that are listed, in words for people.</param>
/// <param name="Gaps">Parts of the source that could not be read, in words for people: what is not listed may still be there.</param>
public sealed record Discovery(ImmutableArray<DiscoveredResource> Resources, ImmutableArray<string> Warnings, ImmutableArray<string> Gaps)
{
    public static Discovery Of(IEnumerable<DiscoveredResource> resources) => new([.. resources], [], []);

    /// <summary>Whether what is not listed is not there.</summary>
    public bool IsComplete => Gaps.IsEmpty;
}
