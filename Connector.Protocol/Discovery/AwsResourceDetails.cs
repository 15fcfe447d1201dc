using System.Collections.Immutable;

namespace Connector.Protocol.Discovery;

/// <summary>What all resources of AWS have.</summary>
public abstract record AwsResourceDetails : ResourceDetails
{
    public string AwsAccountId { get; init; } = "";

    public string AwsRegion { get; init; } = "";

    public string AwsArn { get; init; } = "";

    public ImmutableSortedDictionary<string, string> Tags { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    internal override string Identity => AwsArn;

    private protected string Tagged(string otherwise) => Tags.GetValueOrDefault("Name") is { Length: > 0 } name ? name : otherwise;
}
