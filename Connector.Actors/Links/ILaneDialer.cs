using Connector.Relay.Lanes;

namespace Connector.Actors.Links;

/// <summary>Dials one lane: TCP, TLS, HELLO and its answer.</summary>
internal interface ILaneDialer
{
    /// <summary>Bounded by its own deadlines. Expected failures are outcomes.</summary>
    /// <param name="connectTimeout">TCP and TLS to one address.</param>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left open.</exception>
    Task<LaneDialOutcome> DialAsync(LinkSupervisorProtocol.EdgeAddress edge, LaneHello hello, TimeSpan connectTimeout, CancellationToken cancellationToken);
}
