namespace Connector.Plugins.Aws;

/// <param name="Path">Unencoded, below the endpoint; begins with a slash.</param>
/// <param name="Target">Operation of the JSON protocol, as X-Amz-Target.</param>
/// <param name="ContentType">Null where there is no body.</param>
internal sealed record AwsHttpRequest(HttpMethod Method, string Path, string? Target = null, string? ContentType = null)
{
    public IReadOnlyList<(string Name, string Value)> Query { get; init; } = [];

    public ReadOnlyMemory<byte> Body { get; init; } = ReadOnlyMemory<byte>.Empty;
}
