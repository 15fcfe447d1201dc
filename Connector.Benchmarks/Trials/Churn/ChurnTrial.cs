namespace Connector.Benchmarks.Trials.Churn;
internal sealed class ChurnTrial : ITrial
{
    public string Name => "Churn"; public string Description => ""; public TrialOptions Usual => new(1,1,1); public TrialOptions Quick => new(1,1,1);
    public string? Missing() => "not yet"; public Task RunAsync(TrialOptions options, TrialReport report, CancellationToken cancellation) => Task.CompletedTask;
}
