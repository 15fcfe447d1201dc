namespace Connector.Server.Edge;

/// <summary>Bounds on everything that peers of an edge control.</summary>
public sealed record EdgeLimits
{
    public int LanesPerLink { get; init; } = 8;

    public int LinksPerConnector { get; init; } = 64;

    /// <summary>Told to replicas in WELCOME.</summary>
    public int PendingOpensPerLink { get; init; } = 64;

    /// <summary>Handshakes under way on the whole edge.</summary>
    public int HandshakesInFlight { get; init; } = 512;

    public int HandshakesInFlightPerAddress { get; init; } = 32;

    public int HandshakesPerSecondPerAddress { get; init; } = 20;

    public int HandshakeBurstPerAddress { get; init; } = 60;

    /// <summary>TLS on a fresh lane.</summary>
    public TimeSpan TlsDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan HelloDeadline { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Client connections of one socket, pending ones included.</summary>
    public int ConnectionsPerSocket { get; init; } = 4096;

    /// <summary>Clients of one socket that wait for a replica's answer.</summary>
    public int PendingOpensPerSocket { get; init; } = 1024;

    /// <summary>How long the streams of a link without a lane wait for the replica to come back.</summary>
    public TimeSpan ResumeWithin { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From a client's arrival to OPENED, all links that are tried included.</summary>
    public TimeSpan OpenDeadline { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>A stream that its replica has not accepted by then is offered to a second one.</summary>
    public TimeSpan HedgeAfter { get; init; } = TimeSpan.FromMilliseconds(250);

    /// <summary>Before a replica that said stale is asked again because there is no other: it has just woken.</summary>
    public TimeSpan StaleRetryPause { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>For the PROXY protocol header of a connection that a load balancer passes on.</summary>
    public TimeSpan ProxyHeaderDeadline { get; init; } = TimeSpan.FromSeconds(5);
}
