namespace Connector.Plugins;

/// <summary>Why a source could not be read.</summary>
public enum DiscoveryFailure
{
    /// <summary>What was configured cannot work.</summary>
    Configuration,

    /// <summary>Nobody answers there.</summary>
    Unreachable,

    /// <summary>It answers that it may not be read; the message names the missing permission.</summary>
    Denied,

    /// <summary>The credentials are expired or not known there.</summary>
    Credentials,

    /// <summary>Its certificate is not trusted, or TLS failed otherwise.</summary>
    Tls,

    /// <summary>It asks for fewer questions, and went on doing so.</summary>
    Throttled,

    /// <summary>It answered what makes no sense.</summary>
    Malformed,

    /// <summary>It took longer than a scan may take.</summary>
    TimedOut,
}
