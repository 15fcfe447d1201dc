namespace Connector.Actors.Sockets;

/// <summary>Values of <see cref="SocketSupervisorProtocol.SocketStatusChanged.State"/>.</summary>
public static class SocketStates
{
    public const string Starting = "starting";
    public const string Serving = "serving";
    public const string Unsupported = "unsupported";
    public const string Failed = "failed";
    public const string Gone = "gone";
}
