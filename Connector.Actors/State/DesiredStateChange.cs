using System.Collections.Immutable;

namespace Connector.Actors.State;

/// <summary>What applying a push came to.</summary>
internal sealed record DesiredStateChange(DesiredState State, ImmutableArray<RejectedItem> Rejected);
