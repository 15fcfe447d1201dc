using System.Globalization;
using System.Text.Json;

namespace Connector.Plugins.Aws.Eks;

/// <summary>The REST protocol with JSON.</summary>
internal sealed class EksApi(AwsHttpClient http) : IEksApi
{
    private const int PageSize = 100;

    public async Task<EksNames> ListClustersAsync(string? token, CancellationToken cancellationToken)
    {
        List<(string, string)> query = [("maxResults", PageSize.ToString(CultureInfo.InvariantCulture))];
        if (token is not null)
        {
            query.Add(("nextToken", token));
        }

        var answer = AwsJson.Read(await http.SendAsync(new AwsHttpRequest(HttpMethod.Get, "/clusters") { Query = query }, cancellationToken).ConfigureAwait(false));
        return new EksNames(AwsJson.Texts(answer, "clusters"), AwsJson.Text(answer, "nextToken"));
    }

    public async Task<EksCluster> DescribeClusterAsync(string name, CancellationToken cancellationToken)
    {
        var answer = AwsJson.Read(await http.SendAsync(new AwsHttpRequest(HttpMethod.Get, $"/clusters/{name}"), cancellationToken).ConfigureAwait(false));
        var cluster = AwsJson.Child(answer, "cluster") ?? throw new MalformedAnswerException("the answer has no cluster");
        return new EksCluster
        {
            Arn = AwsJson.Text(cluster, "arn"),
            Name = AwsJson.Text(cluster, "name"),
            Version = AwsJson.Text(cluster, "version"),
            Endpoint = AwsJson.Text(cluster, "endpoint"),
            VpcId = AwsJson.Text(AwsJson.Child(cluster, "resourcesVpcConfig"), "vpcId"),
            Tags = AwsJson.Child(cluster, "tags") is { ValueKind: JsonValueKind.Object } tags
                ? AwsScan.Tags(tags.EnumerateObject().Select(static tag => ((string?)tag.Name, tag.Value.ValueKind == JsonValueKind.String ? AwsJson.TextOf(tag.Value) : null)))
                : AwsScan.Tags([]),
        };
    }
}
