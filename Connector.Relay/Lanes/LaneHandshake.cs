namespace Connector.Relay.Lanes;

/// <summary>HELLO and WELCOME or REJECT on a fresh lane.</summary>
public static class LaneHandshake
{
    public const string ApplicationProtocol = "border0-relay/1";

    /// <summary>Replica: sends HELLO and waits for the answer (5 s).</summary>
    /// <exception cref="LaneRejectedException">The edge said REJECT.</exception>
    /// <exception cref="LaneProtocolException">The edge broke the protocol or did not answer in time.</exception>
    public static Task<LaneWelcome> DialAsync(Stream stream, LaneHello hello, CancellationToken cancellationToken)
        => throw new NotImplementedException();

    /// <summary>Edge: waits for HELLO (5 s, at most 16 KiB).</summary>
    /// <exception cref="LaneProtocolException">No HELLO, a malformed one, or not in time.</exception>
    public static Task<LaneHello> ReceiveAsync(Stream stream, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static Task WelcomeAsync(Stream stream, LaneWelcome welcome, CancellationToken cancellationToken) => throw new NotImplementedException();

    public static Task RejectAsync(Stream stream, LaneRejectedException rejection, CancellationToken cancellationToken)
        => throw new NotImplementedException();
}
