namespace Connector.Actors.Reach;

/// <summary>Dials upstreams within the reach of this replica.</summary>
public interface IUpstreamDialer
{
    /// <summary>Bounded by its own deadlines. Expected failures are outcomes.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing is left open.</exception>
    Task<DialOutcome> DialAsync(PlainUpstream upstream, CancellationToken cancellationToken);
}
