using System.Collections.Immutable;
using System.Globalization;

namespace Connector.Host.Drill;

/// <summary>What there is while no load runs: what has become more by the end was left behind.</summary>
/// <param name="Listed">Processes of the connector that the control plane knows; null when it was not asked.</param>
internal sealed record DrillCensus(ImmutableArray<DrillCensus.Process> Processes, int? Listed)
{
    // The runtime opens some of its own as it goes; of 50 restarts even one handle each would be more.
    private const int MoreHandles = 25;

    /// <param name="Name">The same after a restart.</param>
    /// <param name="Handles">Open files and sockets; null where the system does not tell.</param>
    /// <param name="Members">Of its group; 0 for one that is in none.</param>
    internal sealed record Process(string Name, int? Handles, int Streams, int Members, bool Healthy);

    /// <summary>What is more than before, or missing, in words. Decisions only.</summary>
    public static ImmutableArray<string> Leaks(DrillCensus before, DrillCensus after)
    {
        var leaks = ImmutableArray.CreateBuilder<string>();
        foreach (var first in before.Processes)
        {
            if (after.Processes.FirstOrDefault(process => process.Name == first.Name) is not { } last || (first.Healthy && !last.Healthy))
            {
                leaks.Add($"{first.Name} is not healthy in the end");
                continue;
            }

            Compare(first.Name, "streams", first.Streams, last.Streams, last.Streams > first.Streams);
            Compare(first.Name, "members of its group", first.Members, last.Members, last.Members != first.Members);
            if (first.Handles is { } had && last.Handles is { } has)
            {
                Compare(first.Name, "handles", had, has, has > had + MoreHandles);
            }
        }

        if (before.Listed is { } listed && after.Listed is { } lists)
        {
            Compare("the control plane", "processes of the connector", listed, lists, lists != listed);
        }

        return leaks.ToImmutable();

        void Compare(string name, string what, int had, int has, bool wrong)
        {
            if (wrong)
            {
                leaks.Add(string.Create(CultureInfo.InvariantCulture, $"{name}: {has} {what} in the end, {had} before"));
            }
        }
    }
}
