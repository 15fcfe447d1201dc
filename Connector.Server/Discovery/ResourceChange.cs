using System.Collections.Immutable;

namespace Connector.Server.Discovery;

/// <param name="Keys">Of the details that changed; empty unless it changed.</param>
internal sealed record ResourceChange(ResourceChangeKind Kind, KnownResource Resource, ImmutableArray<string> Keys);

internal enum ResourceChangeKind
{
    Found,
    Changed,
    Gone,
}
