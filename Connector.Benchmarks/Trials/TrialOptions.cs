namespace Connector.Benchmarks.Trials;

/// <param name="Cuts">Faults; opens in the trial of churn.</param>
/// <param name="Seconds">The longest fault; without faults, how long the load runs.</param>
internal sealed record TrialOptions(int Streams, int Cuts, int Seconds, int Seed = 1, bool ControlToo = false);
