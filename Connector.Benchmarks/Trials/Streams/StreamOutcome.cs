namespace Connector.Benchmarks.Trials.Streams;

/// <param name="Reason">Of a loss or a difference; empty when intact.</param>
/// <param name="Bytes">Received, both directions.</param>
internal sealed record StreamOutcome(StreamEnd End, string Reason, long Bytes);
