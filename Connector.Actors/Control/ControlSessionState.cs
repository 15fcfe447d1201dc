namespace Connector.Actors.Control;

public enum ControlSessionState
{
    /// <summary>Not there yet, or lost and trying again.</summary>
    Connecting,

    /// <summary>The claim was accepted and the configuration applied.</summary>
    Online,

    /// <summary>Another process holds the control session. Keeps trying.</summary>
    Refused,

    /// <summary>The token is refused. Keeps trying, slowly.</summary>
    Unauthenticated,

    /// <summary>Final: stopped by the server, the connector deleted, or this replica shutting down.</summary>
    Stopped,
}
