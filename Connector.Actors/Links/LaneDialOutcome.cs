using Connector.Relay.Frames;
using Connector.Relay.Lanes;

namespace Connector.Actors.Links;

/// <summary>How the dial of a lane ended: exactly one of the cases.</summary>
internal abstract record LaneDialOutcome
{
    private LaneDialOutcome()
    {
    }

    /// <summary>Welcomed. The receiver owns the stream.</summary>
    public sealed record Connected(Stream Stream, LaneWelcome Welcome) : LaneDialOutcome;

    public sealed record Rejected(RejectCode Code, string Text, TimeSpan RetryAfter) : LaneDialOutcome;

    /// <summary>No address of the edge could be used.</summary>
    public sealed record Failed(string Reason) : LaneDialOutcome;
}
