namespace Connector.Actors.Reach;

/// <param name="InContainer">Adds a hint when loopback refuses: loopback is the container's own.</param>
public sealed record UpstreamDialerOptions(bool InContainer)
{
    public TimeSpan ResolveTimeout { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>For all addresses of an upstream together.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Head start of each address over the next one.</summary>
    public TimeSpan HeadStart { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Addresses of one name that are tried at most; the rest is not looked at.</summary>
    public int MaxAddresses { get; init; } = 16;

    public static UpstreamDialerOptions Detect() => new(ContainerMark.IsPresent());
}
