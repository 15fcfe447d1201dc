using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Socket type aws_s3.</summary>
public sealed record AwsS3ServiceConfiguration
{
    public AwsCredentials? AwsCredentials { get; init; }

    /// <summary>At most 250, with wildcards.</summary>
    public ImmutableArray<string>? BucketAllowlist { get; init; }
}
