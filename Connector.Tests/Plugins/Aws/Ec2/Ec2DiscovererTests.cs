using System.Collections.Immutable;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Connector.Plugins;
using Connector.Plugins.Aws;
using Connector.Plugins.Aws.Ec2;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Aws.Ec2;

[Trait("kind", Kinds.Contract)]
public sealed class Ec2DiscovererTests : IAsyncLifetime
{
    private AwsStub stub = null!;

    public async ValueTask InitializeAsync() => stub = await AwsStub.StartAsync();

    public ValueTask DisposeAsync() => stub.DisposeAsync();

    [Fact]
    public async Task All_pages_are_read_by_the_token_that_each_names()
    {
        stub.On("ec2", "DescribeInstances", question => question["NextToken"] switch
        {
            null => Ec2Answers.Page([Ec2Answers.Instance(1, "a"), Ec2Answers.Instance(2, "b")], "t/2="),
            "t/2=" => Ec2Answers.Page([], "t3"),
            "t3" => Ec2Answers.Page([Ec2Answers.Instance(3, "c")]),
            _ => throw new InvalidOperationException(),
        });

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Equal([Ec2Answers.Id(1), Ec2Answers.Id(2), Ec2Answers.Id(3)], Instances(found).Select(one => one.InstanceId));
        Assert.True(found.IsComplete);
        Assert.Empty(found.Warnings);
    }

    [Fact]
    public async Task Instance_is_told_with_all_it_has()
    {
        const string more =
            """
            <ipAddress>127.0.0.10</ipAddress><networkInterfaceSet><item><networkInterfaceId>eni-1</networkInterfaceId>
            <ipv6AddressesSet><item><ipv6Address>2001:db8::1</ipv6Address></item></ipv6AddressesSet></item></networkInterfaceSet>
            """;
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "web", more: more)]));

        var instance = Assert.Single(Instances(await AwsInTest.ScanAsync(Discoverer())));

        Assert.Equal($"arn:aws:ec2:eu-west-1:{AwsStub.Account}:instance/{Ec2Answers.Id(1)}", instance.AwsArn);
        Assert.Equal((AwsStub.Account, "eu-west-1"), (instance.AwsAccountId, instance.AwsRegion));
        Assert.Equal(("ami-0abcdef1234567890", "vpc-1", "subnet-1", "eu-west-1a"), (instance.AmiId, instance.VpcId, instance.SubnetId, instance.AvailabilityZone));
        Assert.Equal(("127.0.0.9", "127.0.0.10", "2001:db8::1"), (instance.PrivateIpAddress, instance.PublicIpAddress, instance.Ipv6Address));
        Assert.Equal(("t3.micro", "running", "not_checked"), (instance.InstanceType, instance.InstanceState, instance.SsmStatus));
        Assert.Equal("web", instance.Tags["Name"]);
        Assert.Null(instance.PrivateDnsNameReachable);
        Assert.NotNull(instance.PrivateIpAddressReachable);
    }

    [Fact]
    public async Task States_are_asked_for_and_none_means_all()
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "a", "running"), Ec2Answers.Instance(2, "b", "stopped")]));

        var all = await AwsInTest.ScanAsync(Discoverer());
        var some = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { IncludeWithStates = ["stopped"] }));

        Assert.Equal(2, all.Resources.Length);
        Assert.Equal("stopped", Assert.Single(Instances(some)).InstanceState);
        Assert.Collection(
            stub.AskedOf("ec2", "DescribeInstances"),
            question => Assert.Null(question["Filter.1.Name"]),
            question => Assert.Equal(("instance-state-name", "stopped"), (question["Filter.1.Name"], question["Filter.1.Value.1"])));
    }

    [Fact]
    public async Task Tags_are_filtered_and_empty_filters_pass_all()
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "a"), Ec2Answers.Instance(2, "b")]));
        var none = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

        var all = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { IncludeWithTags = none, ExcludeWithTags = none }));
        var some = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { IncludeWithTags = none.Add("tier", ["t1"]) }));
        var others = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { ExcludeWithTags = none.Add("tier", ["t1"]) }));

        Assert.Equal(2, all.Resources.Length);
        Assert.Equal(Ec2Answers.Id(1), Assert.Single(Instances(some)).InstanceId);
        Assert.Equal(Ec2Answers.Id(2), Assert.Single(Instances(others)).InstanceId);
    }

    [Fact]
    public async Task Systems_manager_is_asked_page_by_page()
    {
        var now = DateTimeOffset.UtcNow;
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page(Enumerable.Range(1, 4).Select(number => Ec2Answers.Instance(number, "a"))));
        stub.On("ssm", "DescribeInstanceInformation", question => question.Json.TryGetProperty("NextToken", out _)
            ? Ec2Answers.Agents([(Ec2Answers.Id(3), "ConnectionLost", now)])
            : Ec2Answers.Agents([(Ec2Answers.Id(1), "Online", now), (Ec2Answers.Id(2), "Online", now.AddMinutes(-11))], "more"));

        var found = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { CheckSsmStatus = true }));

        Assert.Equal(["online", "offline", "offline", "not_associated"], Instances(found).Select(one => one.SsmStatus));
        Assert.Empty(found.Warnings);
    }

    [Fact]
    public async Task Systems_manager_that_may_not_be_asked_is_a_warning()
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "a")]));
        stub.Refuse("ssm", "DescribeInstanceInformation", 99, 400, "AccessDeniedException", "User is not authorized");

        var found = await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { CheckSsmStatus = true }));

        Assert.Equal("not_checked", Assert.Single(Instances(found)).SsmStatus);
        Assert.Contains("ssm:DescribeInstanceInformation", Assert.Single(found.Warnings));
        Assert.True(found.IsComplete);
    }

    [Fact]
    public async Task Something_that_listens_on_the_instance_is_reachable()
    {
        // Addresses of loopback that nothing else of the tests uses, so that the port is free.
        using var listener = new TcpListener(IPAddress.Parse("127.86.4.1"), 8443);
        listener.Start();
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page(
        [
            Ec2Answers.Instance(1, "a", address: "127.86.4.1"), Ec2Answers.Instance(2, "b", address: "127.86.4.2"), Ec2Answers.Instance(3, "c", "stopped", address: "127.86.4.1"),
        ]));
        var discoverer = Discoverer(time: SlowTime.Thirtyfold);

        var first = await AwsInTest.ScanAsync(discoverer);
        listener.Stop();
        var second = await AwsInTest.ScanAsync(discoverer);

        Assert.Equal([true, false, null], Instances(first).Select(one => one.PrivateIpAddressReachable));
        Assert.Equal([false, false, null], Instances(second).Select(one => one.PrivateIpAddressReachable));
    }

    [Fact]
    public async Task Reachability_that_takes_too_long_is_left_unknown_with_a_warning()
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "a"), Ec2Answers.Instance(2, "b")]));

        var found = await AwsInTest.ScanAsync(Discoverer(limits: AwsInTest.Limits with { Reachability = TimeSpan.Zero }));

        Assert.Equal([null, null], Instances(found).Select(one => one.PrivateIpAddressReachable));
        Assert.Contains("2 of 2", Assert.Single(found.Warnings));
        Assert.True(found.IsComplete);
    }

    [Theory]
    [InlineData(503, "RequestLimitExceeded")]
    [InlineData(400, "Throttling")]
    public async Task Request_to_slow_down_is_followed_and_the_page_read_again(int status, string code)
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "a")]));
        stub.Refuse("ec2", "DescribeInstances", 1, status, code);

        var found = await AwsInTest.ScanAsync(Discoverer());

        Assert.Single(found.Resources);
        Assert.Equal(2, stub.AskedOf("ec2", "DescribeInstances").Count());
    }

    [Theory]
    [InlineData(503, "RequestLimitExceeded", DiscoveryFailure.Throttled, "scan less often")]
    [InlineData(400, "ExpiredToken", DiscoveryFailure.Credentials, "expired")]
    [InlineData(400, "RequestExpired", DiscoveryFailure.Credentials, "clock")]
    [InlineData(400, "RequestExpired", DiscoveryFailure.Credentials, "temporary credentials, renew")]
    [InlineData(400, "InvalidNextToken", DiscoveryFailure.Configuration, "begins anew")]
    [InlineData(401, "AuthFailure", DiscoveryFailure.Credentials, "access key")]
    [InlineData(403, "SignatureDoesNotMatch", DiscoveryFailure.Credentials, "secret access key")]
    [InlineData(403, "UnauthorizedOperation", DiscoveryFailure.Denied, "ec2:DescribeInstances")]
    [InlineData(401, "OptInRequired", DiscoveryFailure.Denied, "enable the region")]
    [InlineData(400, "InvalidParameterValue", DiscoveryFailure.Configuration, "InvalidParameterValue")]
    [InlineData(500, "InternalError", DiscoveryFailure.Unreachable, "500")]
    public async Task Refusal_says_what_to_do(int status, string code, DiscoveryFailure failure, string words)
    {
        stub.Refuse("ec2", "DescribeInstances", 99, status, code, "because \u202E so");

        var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Attempts = 1 }));

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(words, thrown.Message);
        Assert.Contains("eu-west-1", thrown.Message);
        Assert.Empty(HostileTexts.In(thrown.Message));
    }

    [Theory]
    [InlineData("<html><body>Sign in to the hotel's network</body></html>")]
    [InlineData("<DescribeInstancesResponse><reservationSet><item>")]
    [InlineData("no XML at all")]
    [InlineData("")]
    public async Task Answer_that_makes_no_sense_is_not_taken_for_an_empty_one(string body)
    {
        stub.On("ec2", "DescribeInstances", _ => AwsAnswer.Xml(body));

        var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Attempts = 1 }));

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
    }

    [Fact]
    public async Task Page_of_a_proxy_is_not_taken_for_a_missing_permission()
    {
        stub.On("ec2", "DescribeInstances", _ => AwsAnswer.Page(403));

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
    }

    [Theory]
    [InlineData("{\"__type\":\"AccessDeniedException\"}", "(AccessDeniedException)")]
    [InlineData("<html><body>Sign in</body></html>", "not one of AWS")]
    public async Task Words_that_the_client_puts_where_systems_manager_has_none_are_not_told(string body, string words)
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "a")]));
        stub.On("ssm", "DescribeInstanceInformation", _ => new AwsAnswer(403, "text/plain", body));

        var warning = Assert.Single((await AwsInTest.ScanAsync(Discoverer(configuration => configuration with { CheckSsmStatus = true }))).Warnings);

        Assert.Contains(words, warning);
        Assert.DoesNotContain("HTTP Body", warning);
    }

    [Fact]
    public async Task Page_of_a_balancer_before_a_service_that_fails_is_not_taken_for_a_strangers()
    {
        stub.On("ec2", "DescribeInstances", _ => new AwsAnswer(503, "text/html", "<html><body>Service Unavailable</body></html>"));

        var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Attempts = 1 }));

        Assert.Equal(DiscoveryFailure.Unreachable, thrown.Failure);
    }

    [Fact]
    public async Task Pages_that_lead_in_a_circle_end_the_scan()
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([Ec2Answers.Instance(1, "a")], "again"));

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
        Assert.Equal(2, stub.AskedOf("ec2", "DescribeInstances").Count());
    }

    [Fact]
    public async Task Pages_without_end_end_the_scan()
    {
        var page = 0;
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page([], $"t{Interlocked.Increment(ref page)}"));

        var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Pages = 7 }));

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
        Assert.Equal(7, stub.AskedOf("ec2", "DescribeInstances").Count());
    }

    [Fact]
    public async Task More_instances_than_may_be_kept_are_a_gap()
    {
        stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page(Enumerable.Range(0, 20).Select(number => Ec2Answers.Instance(number, "a", "stopped"))));

        var found = await AwsInTest.ScanAsync(Discoverer(limits: AwsInTest.Limits with { Resources = 10 }));

        Assert.Equal(10, found.Resources.Length);
        Assert.Contains("10", Assert.Single(found.Gaps));
    }

    [Fact]
    public async Task Answer_larger_than_any_of_aws_is_not_read_to_the_end()
    {
        stub.On("ec2", "DescribeInstances", _ => AwsAnswer.Xml($"<a>{new string('x', 200_000)}</a>"));

        var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Answer = 100_000, Attempts = 1 }));

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
        Assert.Contains("larger", thrown.Message);
    }

    [Fact]
    public async Task Silence_ends_with_the_call()
    {
        stub.On("ec2", "DescribeInstances", _ => AwsAnswer.Silence);

        var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Call = TimeSpan.FromMilliseconds(300) }));

        Assert.Equal(DiscoveryFailure.TimedOut, thrown.Failure);
        Assert.Contains("Listing the instances (eu-west-1)", thrown.Message);
    }

    [Fact]
    public async Task Silence_of_each_attempt_ends_with_the_last()
    {
        stub.On("ec2", "DescribeInstances", _ => AwsAnswer.Silence);

        var thrown = await AwsInTest.FailsAsync(Discoverer(limits: AwsInTest.Limits with { Attempt = TimeSpan.FromMilliseconds(200), Attempts = 2, Identity = TimeSpan.FromSeconds(60) }));

        Assert.Equal(DiscoveryFailure.TimedOut, thrown.Failure);
    }

    [Fact]
    public async Task Account_that_cannot_be_learned_ends_the_scan_before_anything_is_listed()
    {
        stub.Refuse("sts", "GetCallerIdentity", 99, 403, "InvalidClientTokenId", "The security token included in the request is invalid.");

        var thrown = await AwsInTest.FailsAsync(Discoverer());

        Assert.Equal(DiscoveryFailure.Credentials, thrown.Failure);
        Assert.Empty(stub.AskedOf("ec2", "DescribeInstances"));
    }

    [Fact]
    public async Task Five_thousand_instances_are_found()
    {
        // No limit of time here: the machine may be busy. What it took is in the output.
        const int pages = 5, each = 1_000;
        var bodies = Enumerable.Range(0, pages).Select(page => Ec2Answers.Page(
            Enumerable.Range(page * each, each).Select(number => Ec2Answers.Instance(number, $"host {number}", address: $"127.0.{number / 250}.{number % 250 + 1}")),
            page + 1 < pages ? $"{page + 1}" : null)).ToArray();
        stub.On("ec2", "DescribeInstances", question => bodies[int.Parse(question["NextToken"] ?? "0")]);
        var discoverer = Discoverer();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var watch = Stopwatch.StartNew();

        var found = await AwsInTest.ScanAsync(discoverer);

        watch.Stop();
        TestContext.Current.TestOutputHelper!.WriteLine(
            $"{found.Resources.Length} instances in {watch.Elapsed.TotalSeconds:0.00} s, heap grown by {(GC.GetTotalMemory(forceFullCollection: false) - before) / 1048576} MiB");
        Assert.Equal(pages * each, found.Resources.Length);
        Assert.True(found.IsComplete);
    }

    private static IEnumerable<AwsEc2InstanceDetails> Instances(Discovery found) => found.Resources.Select(resource => Assert.IsType<AwsEc2InstanceDetails>(resource.Details));

    private IDiscoverer Discoverer(Func<AwsEc2DiscoveryConfiguration, AwsEc2DiscoveryConfiguration>? change = null, AwsLimits? limits = null, TimeProvider? time = null)
    {
        var configuration = new AwsEc2DiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = stub.Url };
        return Assert.Single(Ec2Plugin.CreateDiscoverers(change?.Invoke(configuration) ?? configuration, AwsInTest.Environment() with { Time = time ?? TimeProvider.System }, limits ?? AwsInTest.Limits));
    }
}
