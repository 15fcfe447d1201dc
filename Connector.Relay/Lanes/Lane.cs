namespace Connector.Relay.Lanes;

/// <summary>One TLS connection of a link: a reader loop, a writer loop, liveness.</summary>
public sealed class Lane
{
    internal Lane()
    {
    }

    public int Number => throw new NotImplementedException();

    /// <summary>Ends when the lane is dead. Never faults.</summary>
    public Task<LaneEnd> Completion => throw new NotImplementedException();

    /// <summary>Smallest round trip seen on this lane, zero before the first.</summary>
    public TimeSpan MinimumRoundTrip => throw new NotImplementedException();

    /// <summary>Cuts the connection without a farewell.</summary>
    public void Abort(string reason) => throw new NotImplementedException();
}
