using System.Collections.Immutable;

namespace Connector.Server.Discovery;

/// <param name="Put">Resources as they are to be kept now.</param>
/// <param name="Gone">Identities that are not kept any more.</param>
/// <param name="ToDial">They go when nobody accepts there.</param>
/// <param name="Held">Resources that would go if they were not more than half of what is known.</param>
internal sealed record MergeResult(
    ImmutableArray<KnownResource> Put, ImmutableArray<string> Gone, ImmutableArray<ResourceChange> Changes, ImmutableArray<KnownResource> ToDial, int Held);
