using Connector.Relay.Frames;

namespace Connector.Relay.Links;

/// <summary>How a stream ended.</summary>
/// <param name="Completed">Everything was consumed at both ends; otherwise it was refused or reset.</param>
/// <param name="Refusal">What was answered to its OPEN, when that was a refusal.</param>
/// <param name="Lane">Number of the lane that carried our last frame of it; 0 for none.</param>
/// <param name="At">When, by the link's clock.</param>
internal readonly record struct Tombstone(bool Completed, RefusalCode? Refusal, int Lane, TimeSpan At)
{
    public static readonly Tombstone Finished = new(true, null, 0, default);

    public static readonly Tombstone Reset = new(false, null, 0, default);

    public static Tombstone Refused(RefusalCode code) => new(false, code, 0, default);
}
