namespace Connector.Relay.Frames;

/// <summary>One stream in a RESUME.</summary>
/// <param name="Ask">What its sender wants in return.</param>
/// <param name="Received">Contiguous bytes received.</param>
/// <param name="Limit">Highest offset the peer may send.</param>
/// <param name="Final">The peer's final offset, if known.</param>
internal readonly record struct ResumeEntry(uint Stream, ResumeState State, ResumeAsk Ask, long Received, long Limit, long? Final);

internal enum ResumeState : byte
{
    /// <summary>OPENED was not sent (replica) or has not come (edge).</summary>
    Opening = 1,
    Open = 2,

    /// <summary>Over, with everything consumed at the entry's sender.</summary>
    Finished = 3,
}

[Flags]
internal enum ResumeAsk : byte
{
    /// <summary>Nothing: this is an answer.</summary>
    None = 0,

    /// <summary>The sender dropped what came ahead of a gap: what lies behind <see cref="ResumeEntry.Received"/>, again.</summary>
    Data = 0x40,

    /// <summary>A lane on which the sender sent died: an entry in return, so that it knows from where to send again.</summary>
    Answer = 0x80,
}
