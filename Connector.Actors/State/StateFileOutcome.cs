namespace Connector.Actors.State;

/// <summary>What came of opening a state file.</summary>
internal abstract record StateFileOutcome
{
    /// <summary>It can be used.</summary>
    /// <param name="Replaced">What was there before could not be, and why; null when it could.</param>
    public sealed record Ready(StateFileReplaced? Replaced) : StateFileOutcome;

    /// <summary>It cannot be used now, and may be later.</summary>
    public sealed record Unusable(string Reason, string Remedy) : StateFileOutcome;
}

/// <param name="MovedTo">Where the file is kept.</param>
/// <param name="Foreign">Whole, but of somebody else; else damaged.</param>
internal sealed record StateFileReplaced(string MovedTo, string Reason, bool Foreign);
