namespace Connector.Plugins.Aws;

/// <summary>What one scan may ask of AWS, and what an answer may cost.</summary>
internal sealed record AwsLimits
{
    public static AwsLimits Default { get; } = new();

    /// <summary>Until the headers of one answer are there.</summary>
    public TimeSpan Attempt { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>One call with all its attempts.</summary>
    public TimeSpan Call { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Learning who we are: nothing else is worth asking before.</summary>
    public TimeSpan Identity { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The ceiling of the first pause after a refusal; each further one doubles it.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromMilliseconds(500);

    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>All addresses of one scan together; what is left then is not checked.</summary>
    public TimeSpan Reachability { get; init; } = TimeSpan.FromSeconds(30);

    public int Attempts { get; init; } = 5;

    public int Pages { get; init; } = 2_000;

    public int Resources { get; init; } = 50_000;

    /// <summary>Bytes; the largest page that AWS gives is a tenth of it.</summary>
    public long Answer { get; init; } = 64 * 1024 * 1024;
}
