namespace Connector.Host.Drill;

/// <summary>One new connection of the load. Times since the drill began.</summary>
/// <param name="Failure">Null when it was served.</param>
internal sealed record OpenSample(TimeSpan Began, TimeSpan Took, string? Failure)
{
    public TimeSpan Ended => Began + Took;
}
