namespace Connector.Actors.Registration;

/// <summary>Keys of the tree's top actors in the ActorRegistry, as in <c>IRequiredActor&lt;ConnectorActorKeys.Health&gt;</c>.</summary>
public static class ConnectorActorKeys
{
    public sealed class State;

    public sealed class Sockets;

    public sealed class Links;

    public sealed class Logs;

    public sealed class Health;

    /// <summary>The ControlSessionActor of a replica that runs alone.</summary>
    public sealed class Control;

    /// <summary>The owner of the group system, of a replica that is in a group.</summary>
    public sealed class Group;
}
