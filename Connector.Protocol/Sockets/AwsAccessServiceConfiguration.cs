using System.Collections.Immutable;

namespace Connector.Protocol.Sockets;

/// <summary>Socket type aws_access.</summary>
public sealed record AwsAccessServiceConfiguration
{
    public AwsCredentials? AwsCredentials { get; init; }

    /// <summary>At most 500.</summary>
    public ImmutableArray<Account>? AwsAccounts { get; init; }

    public sealed record Account
    {
        public string? AwsAccountAlias { get; init; }

        /// <summary>12 digits, or LOCAL.</summary>
        public string? AwsAccountId { get; init; }

        public ImmutableArray<Role>? AwsIamRoles { get; init; }
    }

    public sealed record Role
    {
        public string? Arn { get; init; }

        public string? Name { get; init; }

        public string? Description { get; init; }
    }
}
