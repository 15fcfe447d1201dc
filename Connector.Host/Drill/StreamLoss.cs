namespace Connector.Host.Drill;

/// <summary>A long stream that ended without being ended by the load.</summary>
/// <param name="At">Since the drill began.</param>
internal sealed record StreamLoss(TimeSpan At, string Reason);
