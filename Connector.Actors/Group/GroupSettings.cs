using System.Collections.Immutable;

namespace Connector.Actors.Group;

/// <summary>How this replica is a member of its connector's group. None of it: the replica runs alone, without remoting.</summary>
/// <param name="Host">Address that the remoting port binds to and, unless <paramref name="AdvertisedHost"/> says otherwise, under which peers reach it.</param>
/// <param name="Port">TCP port of remoting, never 0 in production: each start would look like another member.</param>
/// <param name="AdvertisedHost">Name or address under which peers reach this replica when it is not <paramref name="Host"/>; as they write it in their lists.</param>
/// <param name="Peers">The replicas of the group, in any order; this one may be among them.</param>
/// <param name="Tls">Null only on loopback.</param>
public sealed record GroupSettings(string Host, int Port, string? AdvertisedHost, ImmutableArray<GroupPeer> Peers, GroupTls? Tls)
{
    /// <summary>The address that peers know this replica by.</summary>
    public GroupPeer Self => new(AdvertisedHost ?? Host, Port);

    public GroupTiming Timing { get; init; } = GroupTiming.Default;
}
