using System.Collections.Immutable;

namespace Connector.Host.Dev;

/// <summary>One replica that <c>dev</c> runs as a process of its own.</summary>
/// <param name="Number">From 1.</param>
/// <param name="ReadyFile">Where it says its id and its health address.</param>
/// <param name="Environment">Set in the process, or removed where null.</param>
internal sealed record ChildReplica(int Number, string ReadyFile, ImmutableArray<string> Arguments, ImmutableDictionary<string, string?> Environment)
{
    /// <summary>The environment holds the token.</summary>
    public override string ToString() => $"replica {Number}";
}
