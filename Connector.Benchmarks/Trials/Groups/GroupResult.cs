namespace Connector.Benchmarks.Trials.Groups;

/// <summary>What users and the control plane noticed of an event.</summary>
/// <param name="Failed">New connections; none may.</param>
/// <param name="Excused">New connections that failed to an edge that was away, or in the moment of a replica's death.</param>
/// <param name="Lost">Streams whose edge and replica lived; none may.</param>
/// <param name="Expected">Streams that ended with their edge or replica.</param>
/// <param name="WholeAfter">From the end of the event until all were one group with a control session again; null when that did not happen in time.</param>
/// <param name="Sessions">Control sessions opened.</param>
internal sealed record GroupResult(
    string Name, TimeSpan Lasted, int Opens, int Failed, int Excused, TimeSpan Slowest, int Lost, int Expected, TimeSpan? WholeAfter, int Sessions, string Remark);
