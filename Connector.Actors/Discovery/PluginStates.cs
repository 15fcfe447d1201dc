namespace Connector.Actors.Discovery;

/// <summary>States of a plugin, as the control plane is told.</summary>
internal static class PluginStates
{
    public const string Idle = "idle";
    public const string Scanning = "scanning";

    /// <summary>The last scan failed; the reason says why, and it is tried again.</summary>
    public const string Waiting = "waiting";

    /// <summary>It does nothing until its next configuration.</summary>
    public const string Failed = "failed";
    public const string Gone = "gone";
}
