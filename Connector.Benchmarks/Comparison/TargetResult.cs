namespace Connector.Benchmarks.Comparison;

/// <summary>A target beside what was measured, as in the table.</summary>
internal sealed record TargetResult(string Measured, string Limit, string Verdict);
