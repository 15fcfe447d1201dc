namespace Connector.Benchmarks.Trials.Cutting;

/// <summary>What happens to connections made while a fault lasts.</summary>
internal enum NewConnections
{
    Pass,

    /// <summary>Reset at once.</summary>
    Refuse,

    /// <summary>Accepted, but not a byte gets through before the fault is over: a path without packets.</summary>
    Hold,
}
