using System.Collections.Immutable;

namespace Connector.Protocol.Discovery;

/// <summary>Of all network_*_server resources.</summary>
public sealed record NetworkServerDetails : ResourceDetails
{
    /// <summary>By reverse DNS; absent when there are none.</summary>
    public ImmutableArray<string>? Hostnames { get; init; }

    public string IpAddress { get; init; } = "";

    /// <summary>A number, as text.</summary>
    public string Port { get; init; } = "";

    internal override string Identity => IpAddress.Contains(':', StringComparison.Ordinal) ? $"[{IpAddress}]:{Port}" : $"{IpAddress}:{Port}";

    internal override string DisplayName => Hostnames is { IsDefaultOrEmpty: false } names ? $"{names[0]}:{Port}" : Identity;
}
