using System.Collections.Immutable;
using Akka.Actor;

namespace Connector.Actors.Group;

/// <summary>Published on the data system's event stream with each change of role, generation, members or reason.</summary>
/// <param name="Generation">Of the group, as the control plane counts them; 0 for none.</param>
/// <param name="Members">This replica among them; empty when it is lone or ungrouped.</param>
/// <param name="Reason">Why it is ungrouped; empty otherwise.</param>
/// <param name="Since">When it took this role.</param>
public sealed record GroupStatusChanged(GroupRole Role, long Generation, ImmutableArray<GroupMemberState> Members, string Reason, DateTimeOffset Since)
    : INoSerializationVerificationNeeded;
