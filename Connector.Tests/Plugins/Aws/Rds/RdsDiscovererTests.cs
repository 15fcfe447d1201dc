using System.Collections.Immutable;
using Connector.Plugins;
using Connector.Plugins.Aws;
using Connector.Plugins.Aws.Rds;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Aws.Rds;

[Trait("kind", Kinds.Contract)]
public sealed class RdsDiscovererTests : IAsyncLifetime
{
    private AwsStub stub = null!;

    public async ValueTask InitializeAsync() => stub = await AwsStub.StartAsync();

    public ValueTask DisposeAsync() => stub.DisposeAsync();

    [Fact]
    public async Task All_pages_are_read_by_their_markers()
    {
        stub.On("rds", "DescribeDBInstances", question => question["Marker"] switch
        {
            null => RdsAnswers.Page([RdsAnswers.Instance(1, "a")], "m&2="),
            "m&2=" => RdsAnswers.Page([RdsAnswers.Instance(2, "b")]),
            _ => throw new InvalidOperationException(),
        });

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal(["db-1", "db-2"], Instances(found).Select(one => one.DbInstanceIdentifier));
        Assert.True(found.IsComplete);
        Assert.All(stub.AskedOf("rds", "DescribeDBInstances"), question => Assert.Equal("2014-10-31", question["Version"]));
    }

    [Fact]
    public async Task Instance_is_told_with_all_it_has_and_dialled()
    {
        stub.On("rds", "DescribeDBInstances", _ => RdsAnswers.Page(
        [
            RdsAnswers.Instance(1, "a", endpoint: $"<Address>127.0.0.1</Address><Port>{stub.Port}</Port>"), RdsAnswers.Instance(2, "b", "creating", endpoint: null),
        ]));

        var found = Instances(await AwsInTest.ScanAsync(Discoverer(time: SlowTime.Thirtyfold))).ToList();

        Assert.Equal($"arn:aws:rds:eu-west-1:{AwsStub.Account}:db:db-1", found[0].AwsArn);
        Assert.Equal(("postgres", "16.3", "available"), (found[0].Engine, found[0].EngineVersion, found[0].DbInstanceStatus));
        Assert.Equal(("vpc-1", "group-1", "a"), (found[0].VpcId, found[0].DbSubnetGroupName, found[0].Tags["Name"]));
        Assert.Equal(("127.0.0.1", stub.Port, (bool?)true), (found[0].EndpointAddress, found[0].EndpointPort, found[0].NetworkReachable));
        Assert.Equal(("", -1, (bool?)null), (found[1].EndpointAddress, found[1].EndpointPort, found[1].NetworkReachable));
    }

    [Fact]
    public async Task Statuses_and_tags_are_filtered_and_none_means_all()
    {
        stub.On("rds", "DescribeDBInstances", _ => RdsAnswers.Page([RdsAnswers.Instance(1, "a"), RdsAnswers.Instance(2, "b", "failed"), RdsAnswers.Instance(3, "c")]));
        var none = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

        var all = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { IncludeWithStatuses = [], IncludeWithTags = none }));
        var failed = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { IncludeWithStatuses = ["failed"] }));
        var tagged = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { IncludeWithTags = none.Add("tier", []), ExcludeWithTags = none.Add("tier", ["t0"]) }));

        Assert.Equal(3, all.Resources.Length);
        Assert.Equal("db-2", Assert.Single(Instances(failed)).DbInstanceIdentifier);
        Assert.Equal(["db-1", "db-3"], Instances(tagged).Select(one => one.DbInstanceIdentifier));
    }

    [Fact]
    public async Task Request_to_slow_down_is_followed()
    {
        stub.On("rds", "DescribeDBInstances", _ => RdsAnswers.Page([RdsAnswers.Instance(1, "a")]));
        stub.Refuse("rds", "DescribeDBInstances", 2, 400, "Throttling", "Rate exceeded");

        Assert.Single((await AwsInTest.ScanAsync(Discoverer())).Resources);
        Assert.Equal(3, stub.AskedOf("rds", "DescribeDBInstances").Count());
    }

    [Theory]
    [InlineData(400, "Throttling", DiscoveryFailure.Throttled, "scan less often", 3)]
    [InlineData(403, "ExpiredToken", DiscoveryFailure.Credentials, "expired", 1)]
    [InlineData(403, "AccessDenied", DiscoveryFailure.Denied, "rds:DescribeDBInstances", 1)]
    [InlineData(503, "ServiceUnavailable", DiscoveryFailure.Unreachable, "503", 3)]
    public async Task Refusal_says_what_to_do(int status, string code, DiscoveryFailure failure, string words, int attempts)
    {
        stub.Refuse("rds", "DescribeDBInstances", 99, status, code, "because \u202E so");

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(words, thrown.Message);
        Assert.Empty(HostileTexts.In(thrown.Message));
        Assert.Equal(attempts, stub.AskedOf("rds", "DescribeDBInstances").Count());
    }

    [Theory]
    [InlineData("<html><body>Sign in</body></html>")]
    [InlineData("<DescribeDBInstancesResponse><DescribeDBInstancesResult>")]
    [InlineData("<!DOCTYPE a [<!ENTITY b \"bb\"><!ENTITY c \"&b;&b;&b;&b;\">]><a>&c;</a>")]
    [InlineData("{}")]
    [InlineData("")]
    public async Task Answer_that_makes_no_sense_is_not_taken_for_an_empty_one(string body)
    {
        stub.On("rds", "DescribeDBInstances", _ => AwsAnswer.Xml(body));

        Assert.Equal(DiscoveryFailure.Malformed, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    [Fact]
    public async Task Answer_that_is_nested_without_end_is_refused()
    {
        stub.On("rds", "DescribeDBInstances", _ => AwsAnswer.Xml(string.Concat(Enumerable.Repeat("<a>", 100_000))));

        Assert.Equal(DiscoveryFailure.Malformed, (await AwsInTest.FailsAsync(Discoverer())).Failure);
    }

    [Fact]
    public async Task Silence_of_each_attempt_ends_with_the_last()
    {
        stub.On("rds", "DescribeDBInstances", _ => AwsAnswer.Silence);

        // An attempt that is over before its question has arrived is not counted by the stub.
        await BestOf.ThreeAsync(async () =>
        {
            var before = stub.AskedOf("rds", "DescribeDBInstances").Count();

            var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Attempt = TimeSpan.FromSeconds(3), Attempts = 2 }));

            Assert.Equal(DiscoveryFailure.TimedOut, thrown.Failure);
            var asked = stub.AskedOf("rds", "DescribeDBInstances").Count() - before;
            return asked == 2 ? null : $"asked {asked} times";
        });
    }

    private static IEnumerable<AwsRdsInstanceDetails> Instances(Discovery found) => found.Resources.Select(resource => Assert.IsType<AwsRdsInstanceDetails>(resource.Details));

    private IDiscoverer Discoverer(Func<AwsRdsDiscoveryConfiguration, AwsRdsDiscoveryConfiguration>? change = null, AwsLimits? limits = null, TimeProvider? time = null)
    {
        var configuration = new AwsRdsDiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = stub.Url };
        return Assert.Single(RdsPlugin.CreateDiscoverers(change?.Invoke(configuration) ?? configuration, AwsInTest.Environment() with { Time = time ?? TimeProvider.System }, limits ?? AwsInTest.Limits));
    }
}
