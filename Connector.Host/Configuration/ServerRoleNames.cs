using System.Collections.Immutable;

namespace Connector.Host.Configuration;

/// <summary>What a server process does. All of it by default.</summary>
public static class ServerRoleNames
{
    public const string Control = "control";
    public const string Edge = "edge";
    public const string Portal = "portal";

    public static readonly ImmutableArray<string> All = [Control, Edge, Portal];

    /// <summary>Null when a name is unknown or none is given.</summary>
    public static ImmutableArray<string>? Parse(string text)
    {
        var names = text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct().ToImmutableArray();
        return names.Length > 0 && names.All(name => All.Contains(name)) ? names : null;
    }
}
