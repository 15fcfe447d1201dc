using Connector.Protocol.Ids;
using Connector.Server.Store;

namespace Connector.Server.Control;

/// <summary>What the group rules need of the entity that they belong to. Called on its thread only.</summary>
internal interface IGroupEntity
{
    /// <summary>As it is now; null while nobody has it.</summary>
    GroupSession? Session { get; }

    /// <summary>Sends a challenge to the control session; nothing happens when its stream has ended.</summary>
    void Challenge(long streamId, ReadOnlySpan<byte> nonce);

    /// <summary>It was decided who is a member: whoever was removed loses the control session now.</summary>
    /// <param name="commit">What this process stored; null for a decision of another.</param>
    void GroupDecided(GroupRecord record, GroupCommit? commit);

    /// <summary>What a replica has that said it has this version.</summary>
    DesiredStateVersion Reached(DesiredStateVersion held);

    void Record(string severity, string message);

    /// <summary>Calls <see cref="GroupVerdicts.Wake"/> after that time, and at no earlier appointment; null for never.</summary>
    void WakeAfter(TimeSpan? delay);
}
