namespace Connector.Actors.Health;

public enum LampState
{
    /// <summary>Nothing was proven lately, either way.</summary>
    Unknown,

    /// <summary>Proven.</summary>
    On,

    /// <summary>Shown to fail.</summary>
    Off,
}
