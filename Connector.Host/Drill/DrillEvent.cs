namespace Connector.Host.Drill;

/// <summary>What is done to a replica.</summary>
internal enum DrillEvent
{
    KillFollower,

    KillLeader,

    FreezeFollower,

    FreezeLeader,

    /// <summary>SIGTERM; as a step, of each replica in turn.</summary>
    Drain,

    /// <summary>As a step, kills and drains of replicas chosen by chance.</summary>
    Restarts,
}
