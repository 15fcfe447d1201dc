namespace Connector.Host.Drill;

/// <summary>What was done, and the time in which its effects are looked for.</summary>
/// <param name="At">When it was done, since the drill began.</param>
/// <param name="Until">When all was well again, or was not waited for any longer.</param>
/// <param name="BootId">Of the victim's process, as the control plane knows it; null when that was not asked.</param>
/// <param name="Streams">That ran over the victim.</param>
/// <param name="Led">The victim held the control session.</param>
/// <param name="Epoch">Of the control session before.</param>
/// <param name="Recovered">All replicas were healthy again, in one group with a control session.</param>
/// <param name="RoleAfter">That the victim says to have in the end.</param>
internal sealed record DrillWindow(
    DrillEvent Event, string ReplicaId, TimeSpan At, TimeSpan Until, string? BootId, int Streams, bool Led, long Epoch, bool Recovered, string RoleAfter = "");
