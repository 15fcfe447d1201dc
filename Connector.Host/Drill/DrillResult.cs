using System.Collections.Immutable;

namespace Connector.Host.Drill;

/// <summary>What one step did to users.</summary>
/// <param name="Detection">From the deed until no new stream was given to the victim; null when that is not known.</param>
/// <param name="Caught">Connections that were under way when it happened, or began before it could be noticed, and failed.</param>
/// <param name="Failed">Later ones that failed.</param>
/// <param name="Slowest">Of those that were served.</param>
/// <param name="Lost">Long streams that ended.</param>
/// <param name="ControlGap">How long there was no control session; null when that is not known.</param>
/// <param name="Broken">Promises that were not kept, in words.</param>
/// <param name="Reason">Of the first failure; empty when there was none.</param>
internal sealed record DrillResult(
    DrillWindow Window, TimeSpan? Detection, int Caught, int Failed, TimeSpan Slowest, int Lost, TimeSpan? ControlGap, ImmutableArray<string> Broken, string Reason);
