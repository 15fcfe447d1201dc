namespace Connector.Actors.Control;

/// <summary>What to do with a pushed update.</summary>
internal enum ConfigVerdict
{
    Apply,

    /// <summary>Older than what was applied: already contained.</summary>
    Skip,

    /// <summary>Something is missing: only a new stream with a whole configuration helps.</summary>
    Reconnect,
}
