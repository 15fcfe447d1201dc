namespace Connector.Tests.Plugins.Aws.Eks;

/// <summary>EKS's answers.</summary>
internal static class EksAnswers
{
    public static AwsAnswer Cluster(AwsQuestion question, string? endpoint = null, object? tags = null)
    {
        var name = question.Path.Split('/')[^1];
        return AwsAnswer.Json(new
        {
            cluster = new
            {
                name, arn = $"arn:aws:eks:eu-west-1:{AwsStub.Account}:cluster/{name}", version = "1.31", endpoint, status = "ACTIVE",
                resourcesVpcConfig = new { vpcId = "vpc-1", subnetIds = new[] { "subnet-1" } }, tags,
            },
        });
    }
}
