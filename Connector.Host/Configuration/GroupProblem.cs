using Connector.Host.Errors;

namespace Connector.Host.Configuration;

/// <summary>One thing that is wrong with a group's settings.</summary>
/// <param name="Why">With the value; no full stop.</param>
/// <param name="Remedy">No full stop.</param>
internal sealed record GroupProblem(string Why, string Remedy)
{
    /// <summary>All of them in one error: whoever corrects a file wants to do so once.</summary>
    public static ConnectorError ToError(string what, IReadOnlyList<GroupProblem> problems)
        => problems is [var only]
            ? new ConnectorError(what, only.Why, only.Remedy)
            : new ConnectorError(what, $"{problems.Count} things are wrong:{string.Concat(problems.Select(problem => $"\n  - {problem.Why}. {problem.Remedy}"))}", "");
}
