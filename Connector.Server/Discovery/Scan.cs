using System.Collections.Immutable;
using Connector.Protocol.Discovery;

namespace Connector.Server.Discovery;

/// <summary>What a discoverer reported of one scan, read and within bounds.</summary>
/// <param name="Errors">The source as a whole could not be read.</param>
/// <param name="Gaps">Parts of it could not be read.</param>
/// <param name="Warnings">Those of the discoverer, and what of its report could not be used.</param>
internal sealed record Scan(
    DateTimeOffset StartedAt, DateTimeOffset EndedAt, ImmutableArray<DiscoveredResource> Resources, ImmutableArray<string> Errors, ImmutableArray<string> Gaps,
    ImmutableArray<string> Warnings)
{
    /// <summary>Of all discoverers that the plugin runs now, this one among them; empty when the connector does not say.</summary>
    public ImmutableArray<string> DiscoveryIds { get; init; } = [];

    /// <summary>Whether it says anything about what it does not list.</summary>
    public bool IsComplete => Errors.IsEmpty && Gaps.IsEmpty;
}
