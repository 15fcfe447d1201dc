namespace Connector.Benchmarks.Trials.Streams;

/// <summary>How a stream of a trial ended.</summary>
internal enum StreamEnd
{
    /// <summary>In order, after we asked for it, with equal checksums at both ends.</summary>
    Intact,

    /// <summary>Before we asked for it, with an error, or not at all.</summary>
    Lost,

    /// <summary>In order, but some bytes are not those that were sent.</summary>
    Altered,
}
