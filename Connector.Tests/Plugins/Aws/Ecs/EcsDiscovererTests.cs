using System.Collections.Immutable;
using Connector.Plugins;
using Connector.Plugins.Aws.Ecs;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Aws.Ecs;

[Trait("kind", Kinds.Contract)]
public sealed class EcsDiscovererTests : IAsyncLifetime
{
    private AwsStub stub = null!;

    public async ValueTask InitializeAsync()
    {
        stub = await AwsStub.StartAsync();
        stub.On("ecs", "ListClusters", question => question.Json.TryGetProperty("nextToken", out _)
            ? EcsAnswers.Clusters([EcsAnswers.Cluster("two")])
            : EcsAnswers.Clusters([EcsAnswers.Cluster("one")], "c2"));
        stub.On("ecs", "ListServices", question => (Name(question), question.Json.TryGetProperty("nextToken", out _)) switch
        {
            ("one", false) => EcsAnswers.Services(Arns("one", 0, 25), "s2"),
            ("one", true) => EcsAnswers.Services(Arns("one", 25, 3)),
            _ => EcsAnswers.Services(Arns("two", 0, 1)),
        });
        stub.On("ecs", "DescribeServices", question => EcsAnswers.Described(question));
    }

    public ValueTask DisposeAsync() => stub.DisposeAsync();

    [Fact]
    public async Task Services_of_all_clusters_are_read_in_all_pages_and_described_in_tens()
    {
        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal(29, found.Resources.Length);
        Assert.True(found.IsComplete);
        Assert.Equal([10, 10, 5, 3, 1], stub.AskedOf("ecs", "DescribeServices").Select(question => question.Json.GetProperty("services").GetArrayLength()));
        Assert.All(stub.AskedOf("ecs", "DescribeServices"), question => Assert.Equal("TAGS", question.Json.GetProperty("include")[0].GetString()));
        var service = Services(found).First();
        Assert.Equal((EcsAnswers.Service("one", "s0"), "s0"), (service.AwsArn, service.ServiceName));
        Assert.Equal((EcsAnswers.Cluster("one"), "one", true), (service.ClusterArn, service.ClusterName, service.EnableExecuteCommand));
        Assert.EndsWith("task-definition/web:7", service.TaskDefinition);
        Assert.Equal("blue", service.Tags["team"]);
    }

    [Fact]
    public async Task Services_that_were_deleted_are_left_out()
    {
        stub.On("ecs", "DescribeServices", question => EcsAnswers.Described(question, "INACTIVE"));

        Assert.Empty((await AwsInTest.ScanAsync(Discoverer())).Resources);
    }

    [Fact]
    public async Task Tags_are_filtered()
    {
        stub.On("ecs", "DescribeServices", question => EcsAnswers.Described(question, tag: arn => arn.EndsWith("s7", StringComparison.Ordinal) ? "red" : "blue"));
        var filter = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("team", ["red"]);

        Assert.Equal("s7", Assert.Single(Services(await AwsInTest.ScanAsync(Discoverer(filter)))).ServiceName);
    }

    [Fact]
    public async Task Cluster_that_may_not_be_read_is_a_gap_and_the_others_are_read()
    {
        stub.On("ecs", "ListServices", question => Name(question) == "one"
            ? AwsAnswer.Error("ecs", 400, "AccessDeniedException", "not authorized")
            : EcsAnswers.Services(Arns("two", 0, 1)));

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal("two", Assert.Single(Services(found)).ClusterName);
        Assert.Contains("ecs:ListServices", Assert.Single(found.Gaps));
    }

    [Theory]
    [InlineData("ListServices")]
    [InlineData("DescribeServices")]
    public async Task Cluster_that_was_deleted_meanwhile_is_left_out(string operation)
    {
        stub.Refuse("ecs", operation, 1, 400, "ClusterNotFoundException", "Cluster not found.");

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal("two", Assert.Single(Services(found)).ClusterName);
        Assert.True(found.IsComplete);
    }

    [Fact]
    public async Task Denial_for_all_clusters_that_are_left_is_an_error()
    {
        stub.On("ecs", "ListServices", question => Name(question) == "one"
            ? AwsAnswer.Error("ecs", 400, "ClusterNotFoundException", "Cluster not found.")
            : AwsAnswer.Error("ecs", 400, "AccessDeniedException", "not authorized"));

        Assert.Equal(DiscoveryFailure.Denied, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    [Fact]
    public async Task Denial_for_all_clusters_is_an_error_also_when_pages_overlap()
    {
        stub.On("ecs", "ListClusters", question => question.Json.TryGetProperty("nextToken", out _)
            ? EcsAnswers.Clusters([EcsAnswers.Cluster("one")])
            : EcsAnswers.Clusters([EcsAnswers.Cluster("one")], "c2"));
        stub.Refuse("ecs", "ListServices", 99, 400, "AccessDeniedException");

        Assert.Equal(DiscoveryFailure.Denied, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    [Fact]
    public async Task Denial_for_all_clusters_is_an_error()
    {
        stub.Refuse("ecs", "ListServices", 99, 400, "AccessDeniedException");

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(DiscoveryFailure.Denied, thrown.Failure);
        Assert.Contains("ecs:ListServices", thrown.Message);
    }

    [Fact]
    public async Task Services_that_ecs_did_not_describe_are_a_gap_unless_they_are_gone()
    {
        stub.On("ecs", "DescribeServices", _ => AwsAnswer.Json(new { services = Array.Empty<object>(), failures = new[] { new { arn = "a/s1", reason = "MISSING", detail = "" }, new { arn = "a/s2", reason = "BROKEN", detail = "it is" } } }));

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.NotEmpty(found.Gaps);
        Assert.All(found.Gaps, gap => Assert.Contains("s2: BROKEN (it is)", gap));
    }

    [Theory]
    [InlineData(400, "ThrottlingException", DiscoveryFailure.Throttled, "scan less often")]
    [InlineData(400, "ExpiredTokenException", DiscoveryFailure.Credentials, "expired")]
    [InlineData(400, "UnrecognizedClientException", DiscoveryFailure.Credentials, "access key")]
    [InlineData(400, "AccessDeniedException", DiscoveryFailure.Denied, "ecs:ListClusters")]
    [InlineData(400, "RequestTimeout", DiscoveryFailure.TimedOut, "network")]
    [InlineData(500, "ServerException", DiscoveryFailure.Unreachable, "500")]
    public async Task Refusal_says_what_to_do(int status, string code, DiscoveryFailure failure, string words)
    {
        stub.Refuse("ecs", "ListClusters", 99, status, code, "because \u001b[31m so");

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(words, thrown.Message);
        Assert.Empty(HostileTexts.In(thrown.Message));
    }

    [Theory]
    [InlineData("ThrottlingException")]
    [InlineData("TransactionInProgressException")]
    [InlineData("RequestTimeout")]
    [InlineData("RequestTimeoutException")]
    public async Task Refusal_that_passes_is_asked_again(string code)
    {
        stub.Refuse("ecs", "DescribeServices", 2, 400, code);

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal(29, found.Resources.Length);
        Assert.True(found.IsComplete);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"clusterArns\":\"all\"}")]
    [InlineData("{\"clusterArns\":[")]
    [InlineData("<html/>")]
    [InlineData("")]
    public async Task Answer_that_makes_no_sense_is_not_taken_for_an_empty_one(string body)
    {
        stub.On("ecs", "ListClusters", _ => AwsAnswer.JsonText(body));

        Assert.Equal(DiscoveryFailure.Malformed, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    [Fact]
    public async Task Pages_that_lead_in_a_circle_end_the_scan()
    {
        stub.On("ecs", "ListClusters", _ => EcsAnswers.Clusters([], "again"));

        Assert.Equal(DiscoveryFailure.Malformed, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    private static string Name(AwsQuestion question) => question.Json.GetProperty("cluster").GetString()!.Split('/')[^1];

    private static IEnumerable<string> Arns(string cluster, int first, int count) => Enumerable.Range(first, count).Select(number => EcsAnswers.Service(cluster, $"s{number}"));

    private static IEnumerable<AwsEcsServiceDetails> Services(Discovery found) => found.Resources.Select(resource => Assert.IsType<AwsEcsServiceDetails>(resource.Details));

    private IDiscoverer Discoverer(ImmutableDictionary<string, ImmutableArray<string>>? include = null) => Assert.Single(EcsPlugin.CreateDiscoverers(
        new AwsEcsDiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = stub.Url, IncludeWithTags = include },
        AwsInTest.Environment(), AwsInTest.Limits));
}
