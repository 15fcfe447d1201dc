namespace Connector.Protocol.Sockets;

/// <summary><c>aws_credentials</c>, optional wherever it stands.</summary>
public sealed record AwsCredentials
{
    public string? AwsAccessKeyId { get; init; }

    public Secret? AwsSecretAccessKey { get; init; }

    public Secret? AwsSessionToken { get; init; }

    public string? AwsProfile { get; init; }
}
