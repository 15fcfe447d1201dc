using Connector.Relay.Frames;

namespace Connector.Actors.Links;

/// <summary>What an edge said to a SERVE.</summary>
/// <param name="Since">When it began to say so.</param>
public sealed record ServeAnswer(ServeCode Code, DateTimeOffset Since);
