namespace Connector.Actors.Sockets.Checks;

/// <summary>What came of one check.</summary>
/// <param name="Failure">Null: the upstream answered.</param>
/// <param name="Next">How it is best checked from now on.</param>
internal sealed record CheckOutcome(string? Failure, UpstreamCheckKind Next);
