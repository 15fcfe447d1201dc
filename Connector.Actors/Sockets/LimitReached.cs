using Connector.Relay.Frames;

namespace Connector.Actors.Sockets;

/// <summary>A live stream that has to end.</summary>
/// <param name="Reason">Names the limit and its value.</param>
internal sealed record LimitReached(IStreamOffer Stream, ResetCode Code, string Reason);
