using System.Text.Json;

namespace Connector.Tests.Plugins.Aws;

/// <summary>A request as the stub understood it.</summary>
/// <param name="Service">Of the signature's scope, like the region and the key.</param>
/// <param name="Values">Form of the query protocol, or the query of the REST protocol.</param>
/// <param name="Json">Body of the JSON protocol.</param>
internal sealed record AwsQuestion(
    string Service, string Operation, string Region, string AccessKey, string? SessionToken, string Path, IReadOnlyDictionary<string, string> Values, JsonElement Json)
{
    public string? this[string name] => Values.GetValueOrDefault(name);
}
