using System.Collections.Immutable;

namespace Connector.Protocol.Discovery;

public sealed record DockerContainerDetails : ResourceDetails
{
    public string ContainerId { get; init; } = "";

    /// <summary>Where the engine runs; absent: on the connector's own machine. [ours]</summary>
    public string? EngineHost { get; init; }

    public string Status { get; init; } = "";

    public string Image { get; init; } = "";

    /// <summary>Each begins with a slash.</summary>
    public ImmutableArray<string> Names { get; init; } = [];

    /// <summary>"host address:host port" to "port/protocol".</summary>
    public ImmutableSortedDictionary<string, string> PortBindings { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableSortedDictionary<string, string> Labels { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    // A container that was made anew under its name is the same service.
    internal override string Identity => Names.IsDefaultOrEmpty ? ContainerId : Names.Min(StringComparer.Ordinal)!;

    internal override string DisplayName => Names.IsDefaultOrEmpty ? ContainerId[..Math.Min(12, ContainerId.Length)] : Identity.TrimStart('/');
}
