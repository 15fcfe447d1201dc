namespace Connector.Actors.Health;

/// <param name="Text">One line for people.</param>
public sealed record HealthVerdict(bool Good, string Text);
