using Connector.Server.Edge.Links;

namespace Connector.Server.Edge.Opening;

/// <summary>What came of asking for a stream: exactly one of the cases.</summary>
internal abstract record OpenResult
{
    private OpenResult()
    {
    }

    /// <summary>The receiver owns the stream: runs or resets it.</summary>
    internal sealed record Opened(AdmittedLink Link, IRelayedStream Stream) : OpenResult;

    /// <param name="Link">The replica that was asked last; null when none was.</param>
    /// <param name="Code">A word for counting: as in REFUSED, or lost, withdrawn, timeout, no_replica, no_right.</param>
    /// <param name="Upstream">What the replica said of the upstream, or empty.</param>
    internal sealed record Failed(AdmittedLink? Link, string Code, string Reason, string Upstream) : OpenResult;
}
