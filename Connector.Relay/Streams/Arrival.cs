namespace Connector.Relay.Streams;

/// <summary>What became of a piece of DATA.</summary>
internal enum Arrival
{
    /// <summary>It was next, or known already.</summary>
    Taken,

    /// <summary>It lies ahead of a gap and is kept.</summary>
    Held,

    /// <summary>It lies ahead of a gap and there was no room for it.</summary>
    Dropped,
}
