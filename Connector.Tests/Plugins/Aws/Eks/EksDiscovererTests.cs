using System.Collections.Immutable;
using Connector.Plugins;
using Connector.Plugins.Aws.Eks;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;
using Connector.Tests.Protocol.Tls;

namespace Connector.Tests.Plugins.Aws.Eks;

[Trait("kind", Kinds.Contract)]
public sealed class EksDiscovererTests : IAsyncLifetime
{
    private AwsStub stub = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        stub = await AwsStub.StartAsync();
        stub.On("eks", "ListClusters", question => question["nextToken"] switch
        {
            null => AwsAnswer.Json(new { clusters = new[] { "one" }, nextToken = "a+/=" }),
            "a+/=" => AwsAnswer.Json(new { clusters = new[] { "two" }, nextToken = (string?)null }),
            _ => throw new InvalidOperationException(),
        });
        stub.On("eks", "DescribeCluster", question => EksAnswers.Cluster(question, $"{stub.Url}/api", new { team = question.Path.EndsWith("one", StringComparison.Ordinal) ? "red" : "blue" }));
    }

    public ValueTask DisposeAsync() => stub.DisposeAsync();

    [Fact]
    public async Task Clusters_of_all_pages_are_described()
    {
        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.True(found.IsComplete);
        Assert.Equal(["one", "two"], Clusters(found).Select(cluster => cluster.ClusterName));
        var cluster = Clusters(found).First();
        Assert.Equal(($"arn:aws:eks:eu-west-1:{AwsStub.Account}:cluster/one", "1.31", "vpc-1"), (cluster.AwsArn, cluster.KubernetesVersion, cluster.VpcId));
        Assert.Equal("red", cluster.Tags["team"]);
    }

    [Fact]
    public async Task Endpoint_is_reachable_when_it_answers_whatever_it_says()
    {
        using var refusing = AwsInTest.Refusing(out var nobody);
        stub.On("eks", "DescribeCluster", question => EksAnswers.Cluster(question, question.Path.EndsWith("one", StringComparison.Ordinal) ? $"{stub.Url}/api" : nobody));

        Assert.Equal([true, false], Clusters(await AwsInTest.ScanAsync(Discoverer(time: SlowTime.Thirtyfold))).Select(cluster => cluster.EndpointReachable));
    }

    [Fact]
    public async Task Endpoint_outside_of_reach_is_not_dialled_whatever_its_name()
    {
        await using var endpoint = await HttpStub.OnPortAsync(static _ => Task.CompletedTask);

        Assert.True(await EndpointReach.AnswersAsync($"http://localhost:{endpoint.Port}", static _ => null, SlowTime.Thirtyfold, Cancellation));
        Assert.False(await EndpointReach.AnswersAsync($"http://localhost:{endpoint.Port}", static _ => "reach.deny", TimeProvider.System, Cancellation));
        Assert.False(await EndpointReach.AnswersAsync($"http://127.0.0.1:{endpoint.Port}", static _ => "reach.deny", TimeProvider.System, Cancellation));
    }

    [Fact]
    public async Task Nothing_is_fetched_that_a_certificate_of_an_endpoint_names()
    {
        await using var trap = new IssuerTrap();
        await using var endpoint = await HttpStub.OnPortAsync(static _ => Task.CompletedTask, trap.Certificate);
        var byServer = trap.Questions;

        Assert.True(await EndpointReach.AnswersAsync($"https://localhost:{endpoint.Port}", static _ => null, SlowTime.Thirtyfold, Cancellation));

        Assert.Equal(byServer, trap.Questions);
    }

    [Fact]
    public async Task Cluster_without_endpoint_and_tags_is_listed()
    {
        stub.On("eks", "DescribeCluster", question => EksAnswers.Cluster(question));

        var found = Clusters(await AwsInTest.ScanAsync(Discoverer())).ToList();

        Assert.Equal(2, found.Count);
        Assert.All(found, cluster => Assert.Equal(("", null, 0), (cluster.Endpoint, cluster.EndpointReachable, cluster.Tags.Count)));
    }

    [Fact]
    public async Task Tags_are_filtered()
    {
        var filter = ImmutableDictionary<string, ImmutableArray<string>>.Empty.Add("team", ["red"]);

        Assert.Equal("one", Assert.Single(Clusters(await AwsInTest.ScanAsync(Discoverer(filter)))).ClusterName);
    }

    [Fact]
    public async Task Cluster_that_cannot_be_described_is_a_gap()
    {
        stub.On("eks", "DescribeCluster", question => question.Path.EndsWith("one", StringComparison.Ordinal)
            ? AwsAnswer.Error("eks", 403, "AccessDeniedException", "no")
            : EksAnswers.Cluster(question));

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal("two", Assert.Single(Clusters(found)).ClusterName);
        Assert.Contains("eks:DescribeCluster", Assert.Single(found.Gaps));
    }

    [Fact]
    public async Task Cluster_that_was_deleted_meanwhile_is_left_out()
    {
        stub.On("eks", "DescribeCluster", question => question.Path.EndsWith("one", StringComparison.Ordinal)
            ? AwsAnswer.Error("eks", 404, "ResourceNotFoundException", "No cluster found for name: one.")
            : EksAnswers.Cluster(question));

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal("two", Assert.Single(Clusters(found)).ClusterName);
        Assert.True(found.IsComplete);
    }

    [Fact]
    public async Task Denial_for_all_clusters_that_are_left_is_an_error()
    {
        stub.On("eks", "DescribeCluster", question => question.Path.EndsWith("one", StringComparison.Ordinal)
            ? AwsAnswer.Error("eks", 404, "ResourceNotFoundException", "No cluster found for name: one.")
            : AwsAnswer.Error("eks", 403, "AccessDeniedException", "no"));

        Assert.Equal(DiscoveryFailure.Denied, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Page_of_a_proxy_is_not_taken_for_a_missing_permission(int status)
    {
        stub.On("eks", "ListClusters", _ => AwsAnswer.Page(status));

        Assert.Equal(DiscoveryFailure.Malformed, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    [Fact]
    public async Task Denial_for_all_clusters_is_an_error()
    {
        stub.Refuse("eks", "DescribeCluster", 99, 403, "AccessDeniedException");

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(DiscoveryFailure.Denied, thrown.Failure);
        Assert.Contains("eks:DescribeCluster", thrown.Message);
    }

    [Theory]
    [InlineData(429, "TooManyRequestsException", DiscoveryFailure.Throttled, "scan less often")]
    [InlineData(403, "ExpiredTokenException", DiscoveryFailure.Credentials, "expired")]
    [InlineData(403, "AccessDeniedException", DiscoveryFailure.Denied, "eks:ListClusters")]
    public async Task Refusal_says_what_to_do(int status, string code, DiscoveryFailure failure, string words)
    {
        stub.Refuse("eks", "ListClusters", 99, status, code);

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(words, thrown.Message);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("{\"clusters\":null}")]
    [InlineData("<html/>")]
    public async Task Answer_that_makes_no_sense_is_not_taken_for_an_empty_one(string body)
    {
        stub.On("eks", "ListClusters", _ => AwsAnswer.JsonText(body));

        Assert.Equal(DiscoveryFailure.Malformed, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    private static IEnumerable<AwsEksClusterDetails> Clusters(Discovery found) => found.Resources.Select(resource => Assert.IsType<AwsEksClusterDetails>(resource.Details));

    private IDiscoverer Discoverer(ImmutableDictionary<string, ImmutableArray<string>>? include = null, TimeProvider? time = null) => Assert.Single(EksPlugin.CreateDiscoverers(
        new AwsEksDiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = stub.Url, IncludeWithTags = include },
        AwsInTest.Environment() with { Time = time ?? TimeProvider.System }, AwsInTest.Limits));
}
