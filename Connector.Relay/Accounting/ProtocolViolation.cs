namespace Connector.Relay.Accounting;

/// <summary>What a peer did that the protocol does not allow. Counted; what follows from it is said by the protocol's rules.</summary>
public enum ProtocolViolation : byte
{
    /// <summary>A frame that cannot be decoded: type, length or content.</summary>
    Malformed,

    /// <summary>A known frame where it does not belong.</summary>
    MisplacedFrame,

    /// <summary>A second HELLO on a lane.</summary>
    SecondHello,

    /// <summary>DATA or FIN beyond the limit that was granted.</summary>
    BeyondLimit,

    /// <summary>An offset that cannot be: behind the final one, or acknowledging what was never sent.</summary>
    BadOffset,

    /// <summary>A FIN that contradicts another one or what was received.</summary>
    ContradictingFin,

    /// <summary>A frame for a stream that never was: answered by RESET(gone).</summary>
    UnknownStream,

    FloodOpen,
    FloodPing,
    FloodReset,
    FloodResume,
    FloodServe,

    /// <summary>It makes us queue more answers than it reads.</summary>
    UnreadAnswers,
}
