using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Connector.Plugins.Aws.Ecs;

/// <summary>The protocol JSON 1.1.</summary>
internal sealed class EcsApi(AwsHttpClient http) : IEcsApi
{
    private const string Prefix = "AmazonEC2ContainerServiceV20141113";
    private const int PageSize = 100;

    public async Task<EcsNames> ListClustersAsync(string? token, CancellationToken cancellationToken)
    {
        var answer = await AskAsync("ListClusters", Paged([], token), cancellationToken).ConfigureAwait(false);
        return new EcsNames(AwsJson.Texts(answer, "clusterArns"), AwsJson.Text(answer, "nextToken"));
    }

    public async Task<EcsNames> ListServicesAsync(string cluster, string? token, CancellationToken cancellationToken)
    {
        var answer = await AskAsync("ListServices", Paged(new JsonObject { ["cluster"] = cluster }, token), cancellationToken).ConfigureAwait(false);
        return new EcsNames(AwsJson.Texts(answer, "serviceArns"), AwsJson.Text(answer, "nextToken"));
    }

    public async Task<EcsServices> DescribeServicesAsync(string cluster, ImmutableArray<string> services, CancellationToken cancellationToken)
    {
        var question = new JsonObject
        {
            ["cluster"] = cluster,
            ["services"] = new JsonArray([.. services.Select(static service => JsonValue.Create(service))]),
            ["include"] = new JsonArray("TAGS"),
        };
        var answer = await AskAsync("DescribeServices", question, cancellationToken).ConfigureAwait(false);
        if (AwsJson.Child(answer, "services") is not { ValueKind: JsonValueKind.Array })
        {
            throw new MalformedAnswerException("the answer has no services");
        }

        return new EcsServices(
            [.. AwsJson.List(answer, "services").Select(Service)],
            [.. AwsJson.List(answer, "failures").Select(static one => new EcsFailure(AwsJson.Text(one, "arn") ?? "", AwsJson.Text(one, "reason") ?? "", AwsJson.Text(one, "detail") ?? ""))]);
    }

    private static JsonObject Paged(JsonObject question, string? token)
    {
        question["maxResults"] = PageSize;
        if (token is not null)
        {
            question["nextToken"] = token;
        }

        return question;
    }

    private static EcsService Service(JsonElement json) => new()
    {
        Arn = AwsJson.Text(json, "serviceArn"),
        Name = AwsJson.Text(json, "serviceName"),
        ClusterArn = AwsJson.Text(json, "clusterArn"),
        Status = AwsJson.Text(json, "status"),
        TaskDefinition = AwsJson.Text(json, "taskDefinition"),
        EnableExecuteCommand = AwsJson.Flag(json, "enableExecuteCommand"),
        Tags = AwsScan.Tags(AwsJson.List(json, "tags").Select(static tag => (AwsJson.Text(tag, "key"), AwsJson.Text(tag, "value")))),
    };

    private async Task<JsonElement> AskAsync(string operation, JsonObject question, CancellationToken cancellationToken)
        => AwsJson.Read(await http.SendAsync(
            new AwsHttpRequest(HttpMethod.Post, "/", $"{Prefix}.{operation}", "application/x-amz-json-1.1") { Body = JsonSerializer.SerializeToUtf8Bytes(question) },
            cancellationToken).ConfigureAwait(false));
}
