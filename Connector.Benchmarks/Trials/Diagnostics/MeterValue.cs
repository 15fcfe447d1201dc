namespace Connector.Benchmarks.Trials.Diagnostics;

/// <param name="Tags">As in <c>gc.heap.generation=gen0</c>.</param>
internal readonly record struct MeterValue(string Instrument, string Tags, double Value);
