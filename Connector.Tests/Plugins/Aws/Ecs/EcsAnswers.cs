namespace Connector.Tests.Plugins.Aws.Ecs;

/// <summary>ECS's answers in JSON 1.1.</summary>
internal static class EcsAnswers
{
    public static string Cluster(string name) => $"arn:aws:ecs:eu-west-1:{AwsStub.Account}:cluster/{name}";

    public static string Service(string cluster, string name) => $"arn:aws:ecs:eu-west-1:{AwsStub.Account}:service/{cluster}/{name}";

    public static AwsAnswer Clusters(IEnumerable<string> arns, string? next = null)
        => next is null ? AwsAnswer.Json(new { clusterArns = arns }) : AwsAnswer.Json(new { clusterArns = arns, nextToken = next });

    public static AwsAnswer Services(IEnumerable<string> arns, string? next = null)
        => next is null ? AwsAnswer.Json(new { serviceArns = arns }) : AwsAnswer.Json(new { serviceArns = arns, nextToken = next });

    /// <summary>What was asked about, as it would be described.</summary>
    public static AwsAnswer Described(AwsQuestion question, string status = "ACTIVE", Func<string, string>? tag = null) => AwsAnswer.Json(new
    {
        services = question.Json.GetProperty("services").EnumerateArray().Select(arn => arn.GetString()!).Select(arn => new
        {
            serviceArn = arn,
            serviceName = arn[(arn.LastIndexOf('/') + 1)..],
            clusterArn = question.Json.GetProperty("cluster").GetString(),
            status,
            desiredCount = 1,
            taskDefinition = "arn:aws:ecs:eu-west-1:123456789012:task-definition/web:7",
            enableExecuteCommand = true,
            tags = new[] { new { key = "team", value = tag?.Invoke(arn) ?? "blue" } },
        }),
        failures = Array.Empty<object>(),
    });
}
