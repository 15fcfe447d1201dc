namespace Connector.Actors.Control;

/// <summary>What to do with a pushed update.</summary>
internal enum ConfigVerdict
{
    Apply,

    /// <summary>Its history is not ours: only a new stream with a whole configuration helps.</summary>
    Reconnect,
}
