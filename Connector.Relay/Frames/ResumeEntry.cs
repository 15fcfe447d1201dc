namespace Connector.Relay.Frames;

/// <summary>One stream in a RESUME.</summary>
/// <param name="Received">Contiguous bytes received.</param>
/// <param name="Limit">Highest offset the peer may send.</param>
/// <param name="Final">The peer's final offset, if known.</param>
internal readonly record struct ResumeEntry(uint Stream, ResumeState State, long Received, long Limit, long? Final);

internal enum ResumeState : byte
{
    Opening = 1,
    Open = 2,
    Finished = 3,
}
