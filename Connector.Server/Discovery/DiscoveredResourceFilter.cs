namespace Connector.Server.Discovery;

/// <summary>Null means any.</summary>
/// <param name="Missing">Whether the last complete scans did not list it.</param>
/// <param name="Search">In its name and details.</param>
internal sealed record DiscoveredResourceFilter(string? PluginId, string? DiscoveryId, string? Type, bool? Missing, string? Search);
