using System.Collections.Immutable;
using System.Net;

namespace Connector.Host.Configuration;

/// <summary>This machine's own narrowing of what its replica dials. Nobody remote can widen it.</summary>
/// <param name="Allow">Empty means everything that the floor (no cloud metadata, no link-local) leaves.</param>
/// <param name="Deny">Wins over <paramref name="Allow"/>.</param>
public sealed record ReachRules(ImmutableArray<IPNetwork> Allow, ImmutableArray<IPNetwork> Deny)
{
    public static readonly ReachRules None = new([], []);
}
