namespace Connector.Protocol.Discovery;

/// <summary>What was found out about a discovered resource. JSON names are those of the public connector.</summary>
public abstract record ResourceDetails
{
    /// <summary>
    /// What stays the same as long as it is the same thing, within one discoverer: an ARN, a UID, a name or an address. Empty when the source did not say
    /// it; such a resource cannot be kept.
    /// </summary>
    internal abstract string Identity { get; }

    /// <summary>For people; never empty.</summary>
    internal abstract string DisplayName { get; }
}
