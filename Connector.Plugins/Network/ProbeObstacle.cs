namespace Connector.Plugins.Network;

/// <summary>Why an address and port could not be tried: nothing follows about what is there.</summary>
internal enum ProbeObstacle
{
    /// <summary>It was tried.</summary>
    None,

    /// <summary>Outside of this connector's reach.</summary>
    Forbidden,

    /// <summary>This machine has no way there.</summary>
    NoRoute,

    /// <summary>This machine does not speak IPv6.</summary>
    NoIpv6,

    /// <summary>The process or the machine has no more sockets.</summary>
    NoSocket,
}
