namespace Connector.Actors.Group;

/// <summary>What a replica is in its connector's group.</summary>
public enum GroupRole
{
    /// <summary>Runs alone by configuration, without remoting: a group of one.</summary>
    Lone,

    /// <summary>Hosts the group's singletons now.</summary>
    Leader,

    /// <summary>In the group, and another one leads.</summary>
    Member,

    /// <summary>Meant for a group and in none: it serves by itself and tries again.</summary>
    Ungrouped,
}
