using Connector.Benchmarks.Trials.Streams;

namespace Connector.Benchmarks.Trials.Groups;

/// <summary>A long stream and the way it took. Edge and replica are counted from 0.</summary>
internal sealed record GroupStream(ITrialStream Stream, int Edge, int? Replica);
