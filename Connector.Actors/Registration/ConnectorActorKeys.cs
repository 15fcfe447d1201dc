namespace Connector.Actors.Registration;

/// <summary>Keys of the tree's top actors in the ActorRegistry, as in <c>IRequiredActor&lt;ConnectorActorKeys.Health&gt;</c>.</summary>
public static class ConnectorActorKeys
{
    public sealed class State;

    public sealed class Sockets;

    public sealed class Links;

    public sealed class Logs;

    public sealed class Health;

    public sealed class Control;
}
