namespace Connector.Benchmarks.Trials;

/// <summary>One row of the table of what must be shown.</summary>
internal interface ITrial
{
    string Name { get; }

    string Description { get; }

    TrialOptions Usual { get; }

    /// <summary>Of less than two minutes.</summary>
    TrialOptions Quick { get; }

    /// <summary>Why it cannot run here and what to do; null when it can.</summary>
    string? Missing();

    /// <summary>Ends everything it started, also when cancelled or failing.</summary>
    Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation);
}
