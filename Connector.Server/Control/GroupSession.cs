using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>The control session as the group rules see it.</summary>
/// <param name="GroupBootId">Null for a replica that runs alone.</param>
/// <param name="Since">When it was accepted: that is a proof of life as well.</param>
/// <param name="Challengeable">It answers a challenge while it lives.</param>
/// <param name="Silent">Nothing was heard of it for three heartbeat intervals.</param>
/// <param name="Holder">Who has it, for people.</param>
internal sealed record GroupSession(
    long StreamId, GroupBootId? GroupBootId, ClaimIdentity? Identity, DateTimeOffset Since, bool Challengeable, bool Silent, string Holder)
{
    public bool IsOf(ClaimIdentity process) => Identity is { } mine && mine.Key == process.Key && mine.BootId == process.BootId;
}
