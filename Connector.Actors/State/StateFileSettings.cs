namespace Connector.Actors.State;

/// <summary>How long the parts of keeping state may take.</summary>
internal sealed record StateFileSettings
{
    public static readonly StateFileSettings Default = new();

    /// <summary>Until what is held is known, or is taken for lost: the control session waits for it.</summary>
    public TimeSpan OpenDeadline { get; init; } = TimeSpan.FromSeconds(10);

    public TimeSpan WriteDeadline { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>For the last writes before the file is closed.</summary>
    public TimeSpan FlushDeadline { get; init; } = TimeSpan.FromSeconds(1.5);

    /// <summary>Until a file that failed is tried again; doubles with each failure in a row.</summary>
    public TimeSpan ShortestRetry { get; init; } = TimeSpan.FromSeconds(1);

    public TimeSpan LongestRetry { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>A file that works for so long again has recovered.</summary>
    public TimeSpan Healed { get; init; } = TimeSpan.FromSeconds(10);
}
