namespace Connector.Actors.Control;

/// <summary>Opens control streams. Holds no state between attempts.</summary>
public interface IControlTransport
{
    /// <summary>
    /// Completes when the response headers have arrived. Has its own deadlines for the connection and for the headers.
    /// </summary>
    /// <param name="attempt">For logs and tests; grows by one with each call of an actor.</param>
    /// <exception cref="ControlTransportException">It could not be opened.</exception>
    Task<IControlConnection> OpenAsync(int attempt, CancellationToken cancellationToken);
}
