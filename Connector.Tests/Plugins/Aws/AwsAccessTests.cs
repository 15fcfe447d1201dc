using Amazon.EC2;
using Connector.Plugins;
using Connector.Plugins.Aws;
using Connector.Plugins.Aws.Rds;
using Connector.Protocol;
using Connector.Protocol.Plugins;
using Connector.Protocol.Sockets;
using Connector.Tests.Plugins.Aws.Rds;
using Connector.Tests.Processes;

namespace Connector.Tests.Plugins.Aws;

[Trait("kind", Kinds.Contract)]
public sealed class AwsAccessTests : IAsyncLifetime
{
    private const string Role = "arn:aws:iam::210987654321:role/reader";

    private AwsStub stub = null!;

    public async ValueTask InitializeAsync()
    {
        stub = await AwsStub.StartAsync();
        stub.On("rds", "DescribeDBInstances", _ => RdsAnswers.Page([RdsAnswers.Instance(1, "a", endpoint: null)]));
    }

    public ValueTask DisposeAsync() => stub.DisposeAsync();

    [Fact]
    public void Discoverers_are_one_for_each_region_and_role()
    {
        var configuration = Configuration() with { AwsRegions = ["eu-west-1", "us-east-1"], AssumeRoles = [new() { RoleArn = "arn:a" }, new() { RoleArn = "arn:b" }] };

        Assert.Equal(
            [
                "aws rds ( region = eu-west-1, role = arn:a )", "aws rds ( region = eu-west-1, role = arn:b )",
                "aws rds ( region = us-east-1, role = arn:a )", "aws rds ( region = us-east-1, role = arn:b )",
            ],
            Discoverers(configuration).Select(one => one.DiscoveryId));
        Assert.Equal(["aws rds ( region = eu-west-1 )", "aws rds ( region = us-east-1 )"], Discoverers(configuration with { AssumeRoles = [] }).Select(one => one.DiscoveryId));
    }

    [Fact]
    public async Task Each_region_is_asked_for_itself()
    {
        foreach (var discoverer in Discoverers(Configuration() with { AwsRegions = ["eu-west-1", "cn-north-1"] }))
        {
            await AwsInTest.ScanAsync(discoverer);
        }

        Assert.Equal(["eu-west-1", "cn-north-1"], stub.AskedOf("rds", "DescribeDBInstances").Select(question => question.Region));
    }

    [Fact]
    public async Task Role_is_assumed_with_its_external_id_and_read_as()
    {
        stub.On("sts", "AssumeRole", _ => Assumed("AssumeRole"));
        stub.On("sts", "GetCallerIdentity", question => AwsStub.Identity(question.AccessKey == "ASIAASSUMED" ? "210987654321" : AwsStub.Account));
        var configuration = Configuration() with { AssumeRoles = [new() { RoleArn = Role, ExternalId = new Secret("from:env:EXTERNAL") }] };

        var found = await AwsInTest.ScanAsync(Assert.Single(Discoverers(configuration, ("EXTERNAL", "e-1"))));

        var assumed = Assert.Single(stub.AskedOf("sts", "AssumeRole"));
        Assert.Equal((Role, "e-1", "AKIDEXAMPLE"), (assumed["RoleArn"], assumed["ExternalId"], assumed.AccessKey));
        Assert.Equal(("ASIAASSUMED", "session"), stub.AskedOf("rds", "DescribeDBInstances").Select(question => (question.AccessKey, question.SessionToken)).Single());
        Assert.Equal("210987654321", ((Connector.Protocol.Discovery.AwsRdsInstanceDetails)Assert.Single(found.Resources).Details).AwsAccountId);
    }

    [Fact]
    public async Task Role_that_may_not_be_assumed_is_named()
    {
        stub.On("sts", "AssumeRole", _ => AwsAnswer.Error("sts", 403, "AccessDenied", "not authorized to perform: sts:AssumeRole"));

        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration() with { AssumeRoles = [new() { RoleArn = Role }] })));

        Assert.Equal(DiscoveryFailure.Denied, thrown.Failure);
        Assert.Contains(Role, thrown.Message);
        Assert.Contains("trust policy", thrown.Message);
    }

    [Theory]
    [InlineData(400, "ValidationError", DiscoveryFailure.Configuration, "the role's ARN")]
    [InlineData(403, "RegionDisabledException", DiscoveryFailure.Denied, "enable the region")]
    public async Task Refusal_of_a_role_says_what_to_do(int status, string code, DiscoveryFailure failure, string words)
    {
        stub.On("sts", "AssumeRole", _ => AwsAnswer.Error("sts", status, code, "because"));

        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration() with { AssumeRoles = [new() { RoleArn = Role }] })));

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains(words, thrown.Message);
        Assert.DoesNotContain("check the region", thrown.Message);
    }

    [Fact]
    public async Task Role_of_a_profile_is_assumed_in_the_region_and_at_the_endpoint_of_the_discoverer()
    {
        using var home = HomeWithRole();
        stub.On("sts", "AssumeRole", _ => Assumed("AssumeRole"));

        await AwsInTest.ScanAsync(OfHome(home));

        var assumed = Assert.Single(stub.AskedOf("sts", "AssumeRole"));
        Assert.Equal((Role, "e-2", "AKIDBASE", AwsInTest.Region), (assumed["RoleArn"], assumed["ExternalId"], assumed.AccessKey, assumed.Region));
        Assert.Equal(("ASIAASSUMED", "session"), stub.AskedOf("rds", "DescribeDBInstances").Select(question => (question.AccessKey, question.SessionToken)).Single());
    }

    [Fact]
    public async Task Role_of_a_profile_that_may_not_be_assumed_is_named_with_the_reason()
    {
        using var home = HomeWithRole();
        stub.On("sts", "AssumeRole", _ => AwsAnswer.Error("sts", 403, "AccessDenied", "not authorized to perform: sts:AssumeRole"));

        var thrown = await AwsInTest.FailsAsync(OfHome(home));

        Assert.Equal(DiscoveryFailure.Denied, thrown.Failure);
        Assert.Contains(Role, thrown.Message);
        Assert.Contains("not authorized to perform", thrown.Message);
        Assert.Contains("trust policy", thrown.Message);
    }

    [Fact]
    public async Task Profile_whose_program_fails_is_to_be_checked()
    {
        using var home = new TemporaryFolder("aws");
        Directory.CreateDirectory(home.File(".aws"));
        home.Write(".aws/credentials", "[other]\ncredential_process = false\n");

        var thrown = await AwsInTest.FailsAsync(OfHome(home, "other"));

        Assert.Equal(DiscoveryFailure.Credentials, thrown.Failure);
        Assert.Contains("check the profile", thrown.Message);
    }

    [Fact]
    public async Task Web_identity_is_exchanged_at_the_endpoint_of_the_environment()
    {
        using var folder = new TemporaryFolder("aws");
        folder.Write("token", "header.payload.signature\n");
        stub.On("sts", "AssumeRoleWithWebIdentity", _ => Assumed("AssumeRoleWithWebIdentity"));

        await AwsInTest.ScanAsync(OfWebIdentity(folder.File("token")));

        var assumed = Assert.Single(stub.AskedOf("sts", "AssumeRoleWithWebIdentity"));
        Assert.Equal((Role, "header.payload.signature", "border0-connector"), (assumed["RoleArn"], assumed["WebIdentityToken"], assumed["RoleSessionName"]));
        Assert.Equal(("ASIAASSUMED", "session"), stub.AskedOf("rds", "DescribeDBInstances").Select(question => (question.AccessKey, question.SessionToken)).Single());
    }

    [Fact]
    public async Task Token_of_a_web_identity_is_not_sent_where_the_configuration_leads()
    {
        using var folder = new TemporaryFolder("aws");
        folder.Write("token", "header.payload.signature");
        await using var configured = await AwsStub.StartAsync();
        configured.On("rds", "DescribeDBInstances", _ => RdsAnswers.Page([RdsAnswers.Instance(1, "a", endpoint: null)]));
        stub.On("sts", "AssumeRoleWithWebIdentity", _ => Assumed("AssumeRoleWithWebIdentity"));

        await AwsInTest.ScanAsync(OfWebIdentity(folder.File("token"), configured.Url));

        Assert.Single(stub.AskedOf("sts", "AssumeRoleWithWebIdentity"));
        Assert.Empty(configured.AskedOf("sts", "AssumeRoleWithWebIdentity"));
        Assert.Equal("ASIAASSUMED", Assert.Single(configured.AskedOf("rds", "DescribeDBInstances")).AccessKey);
    }

    [Theory]
    [InlineData(403, "AccessDenied", DiscoveryFailure.Denied, "trust policy")]
    [InlineData(400, "ExpiredTokenException", DiscoveryFailure.Credentials, "expired")]
    [InlineData(400, "InvalidIdentityToken", DiscoveryFailure.Credentials, "identity provider")]
    [InlineData(403, "IDPRejectedClaim", DiscoveryFailure.Credentials, "identity provider")]
    [InlineData(400, "ValidationError", DiscoveryFailure.Configuration, "the role's ARN")]
    public async Task Refusal_of_a_web_identity_says_what_to_do(int status, string code, DiscoveryFailure failure, string words)
    {
        using var folder = new TemporaryFolder("aws");
        folder.Write("token", "header.payload.signature");
        stub.On("sts", "AssumeRoleWithWebIdentity", _ => AwsAnswer.Error("sts", status, code, "because so"));

        var thrown = await AwsInTest.FailsAsync(OfWebIdentity(folder.File("token")));

        Assert.Equal(failure, thrown.Failure);
        Assert.Contains($"{code}: because so", thrown.Message);
        Assert.Contains(words, thrown.Message);
        Assert.Contains(Role, thrown.Message);
        Assert.DoesNotContain("check the profile", thrown.Message);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20_001)]
    public async Task File_of_a_web_identity_that_holds_no_token_is_an_error(int length)
    {
        using var folder = new TemporaryFolder("aws");
        folder.Write("token", new string('a', length));

        var thrown = await AwsInTest.FailsAsync(OfWebIdentity(folder.File("token")));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Empty(stub.AskedOf("sts", "AssumeRoleWithWebIdentity"));
    }

    [Fact]
    public async Task File_of_a_web_identity_that_is_not_there_is_an_error_that_names_it()
    {
        using var folder = new TemporaryFolder("aws");

        var thrown = await AwsInTest.FailsAsync(OfWebIdentity(folder.File("none")));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains(folder.File("none"), thrown.Message);
    }

    [Fact]
    public async Task Web_identity_that_the_variables_spoil_is_not_blamed_on_a_profile()
    {
        var thrown = await AwsInTest.FailsAsync(OfWebIdentity("relative/token"));

        Assert.Equal(DiscoveryFailure.Credentials, thrown.Failure);
        Assert.Contains("AWS_WEB_IDENTITY_TOKEN_FILE", thrown.Message);
        Assert.DoesNotContain("profile", thrown.Message);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(403)]
    public async Task Page_of_a_proxy_is_not_taken_for_a_missing_permission(int status)
    {
        stub.On("sts", "GetCallerIdentity", _ => AwsAnswer.Page(status));

        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration())));

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
        Assert.DoesNotContain("permission", thrown.Message);
    }

    [Fact]
    public async Task Clients_of_aws_take_no_endpoint_variant_from_the_process()
    {
        var access = Assert.Single(AwsAccess.Of(Configuration(), AwsInTest.Environment(), AwsInTest.Limits));
        using var transport = new AwsTransport(AwsInTest.Limits, TimeProvider.System, forbids: null);
        var session = await AwsSession.OpenAsync(access, transport, TestContext.Current.CancellationToken);

        // What the variables would have set.
        var config = session.Configure(new AmazonEC2Config { UseFIPSEndpoint = true, UseDualstackEndpoint = true }, "EC2");

        Assert.False(config.UseFIPSEndpoint);
        Assert.False(config.UseDualstackEndpoint);
    }

    [Fact]
    public async Task Keys_may_be_references_and_are_read_anew_by_each_scan()
    {
        using var folder = new TemporaryFolder("aws");
        folder.Write("key", "secret\n");
        var keys = new AwsCredentials
        {
            AwsAccessKeyId = "from:env:KEY", AwsSecretAccessKey = new Secret($"from:file:{folder.File("key")}"), AwsSessionToken = new Secret("from:env:TOKEN"),
        };
        var discoverer = Assert.Single(Discoverers(Configuration() with { AwsCredentials = keys }, ("KEY", "AKIDOFENV"), ("TOKEN", "t-1")));

        await AwsInTest.ScanAsync(discoverer);
        File.Delete(folder.File("key"));
        var thrown = await AwsInTest.FailsAsync(discoverer);

        Assert.Equal(("AKIDOFENV", "t-1"), stub.AskedOf("rds", "DescribeDBInstances").Select(question => (question.AccessKey, question.SessionToken)).Single());
        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("there is no such file", thrown.Message);
    }

    [Fact]
    public async Task Profile_gives_credentials_and_region()
    {
        using var home = new TemporaryFolder("aws");
        Directory.CreateDirectory(home.File(".aws"));
        home.Write(".aws/credentials", "[default]\naws_access_key_id = AKIDDEFAULT\naws_secret_access_key = s\n\n[other]\naws_access_key_id = AKIDOTHER\naws_secret_access_key = s\n");
        home.Write(".aws/config", "[default]\nregion = eu-north-1\n\n[profile other]\nregion = sa-east-1\n");
        var environment = AwsInTest.Environment(home.Path);
        var configuration = Configuration() with { AwsCredentials = null, AwsRegions = [] };

        await AwsInTest.ScanAsync(Assert.Single(RdsPlugin.CreateDiscoverers(configuration, environment, AwsInTest.Limits)));
        await AwsInTest.ScanAsync(Assert.Single(RdsPlugin.CreateDiscoverers(configuration with { AwsCredentials = new() { AwsProfile = "other" } }, environment, AwsInTest.Limits)));
        var thrown = await AwsInTest.FailsAsync(Assert.Single(RdsPlugin.CreateDiscoverers(
            configuration with { AwsCredentials = new() { AwsProfile = "none" }, AwsRegions = ["eu-west-1"] }, environment, AwsInTest.Limits)));

        Assert.Equal([("AKIDDEFAULT", "eu-north-1"), ("AKIDOTHER", "sa-east-1")], stub.AskedOf("rds", "DescribeDBInstances").Select(question => (question.AccessKey, question.Region)));
        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("\"none\"", thrown.Message);
    }

    [Fact]
    public async Task Profile_that_a_reference_names_is_shown_as_configured()
    {
        using var folder = new TemporaryFolder("aws");
        folder.Write("kept", "hunter2\n");
        var reference = $"from:file:{folder.File("kept")}";

        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration() with { AwsCredentials = new() { AwsProfile = reference } })));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains(reference, thrown.Message);
        Assert.DoesNotContain("hunter2", thrown.Message);
    }

    [Fact]
    public async Task Value_of_a_reference_that_AWS_repeats_is_not_shown()
    {
        stub.On("sts", "AssumeRole", question => AwsAnswer.Error(
            "sts", 400, "ValidationError", $"{new string('x', 290)} Value '{question["ExternalId"]}' at 'externalId' and {question.AccessKey} failed to satisfy a constraint"));
        stub.On("sts", "GetCallerIdentity", question => AwsAnswer.Error("sts", 400, "Odd", $"Credential={question.AccessKey} of {question.SessionToken}"));
        var keys = new AwsCredentials { AwsAccessKeyId = "from:env:KEY", AwsSecretAccessKey = new Secret("s"), AwsSessionToken = new Secret("from:env:TOKEN") };
        var configuration = Configuration() with { AwsCredentials = keys };
        var role = new Connector.Protocol.Plugins.AwsDiscoveryConfiguration.AssumedRole { RoleArn = Role, ExternalId = new Secret("from:env:EXTERNAL") };

        foreach (var one in new[] { configuration, configuration with { AssumeRoles = [role] } })
        {
            var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(one, ("EXTERNAL", "hunter2"), ("KEY", "AKIDHUNTER3"), ("TOKEN", "hunter4"))));

            Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
            Assert.DoesNotContain("hunt", thrown.Message, StringComparison.OrdinalIgnoreCase);
        }
    }

    [Theory]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, true)]
    public async Task Reference_to_what_cannot_be_a_key_goes_nowhere(bool id, bool token, bool external)
    {
        using var folder = new TemporaryFolder("aws");
        folder.Write("kept", "root:hunter2:19000\nsecond\n");
        var reference = $"from:file:{folder.File("kept")}";
        var keys = new AwsCredentials
        {
            AwsAccessKeyId = id ? reference : "AKIDEXAMPLE", AwsSecretAccessKey = new Secret("s"), AwsSessionToken = token ? new Secret(reference) : null,
        };
        var configuration = Configuration() with { AwsCredentials = keys, AssumeRoles = external ? [new() { RoleArn = Role, ExternalId = new Secret(reference) }] : [] };

        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(configuration)));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains(reference, thrown.Message);
        Assert.DoesNotContain("hunter2", thrown.Message);
        Assert.Empty(stub.AskedOf("sts", "GetCallerIdentity").Concat(stub.AskedOf("sts", "AssumeRole")));
    }

    [Fact]
    public async Task Broken_line_of_a_profile_file_is_not_shown()
    {
        using var home = new TemporaryFolder("aws");
        Directory.CreateDirectory(home.File(".aws"));
        home.Write(".aws/credentials", "[default]\nhunter2\n");
        var environment = AwsInTest.Environment(home.Path);
        var configuration = Configuration() with { AwsCredentials = null };

        var scan = await AwsInTest.FailsAsync(Assert.Single(RdsPlugin.CreateDiscoverers(configuration, environment, AwsInTest.Limits)));
        var region = Assert.Throws<DiscoveryException>(() => RdsPlugin.CreateDiscoverers(configuration with { AwsRegions = [] }, environment, AwsInTest.Limits).Count());

        Assert.All([scan, region], static thrown => Assert.DoesNotContain("hunter2", thrown.Message));
    }

    [Fact]
    public async Task Environment_gives_credentials_region_and_endpoint()
    {
        var configuration = new AwsRdsDiscoveryConfiguration { ScanIntervalMinutes = 5 };

        await AwsInTest.ScanAsync(Assert.Single(Discoverers(
            configuration, ("AWS_ACCESS_KEY_ID", "AKIDENV"), ("AWS_SECRET_ACCESS_KEY", "s"), ("AWS_REGION", "ap-south-1"), ("AWS_ENDPOINT_URL", stub.Url))));

        Assert.Equal(("AKIDENV", "ap-south-1"), stub.AskedOf("rds", "DescribeDBInstances").Select(question => (question.AccessKey, question.Region)).Single());
    }

    [Fact]
    public async Task Credentials_that_are_nowhere_are_an_error_that_names_the_places()
    {
        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration() with { AwsCredentials = null })));

        Assert.Equal(DiscoveryFailure.Credentials, thrown.Failure);
        Assert.Contains("AWS_ACCESS_KEY_ID", thrown.Message);
    }

    [Theory]
    [InlineData("not an address")]
    [InlineData("ftp://127.0.0.1/")]
    [InlineData("//")]
    public async Task Endpoint_that_is_no_address_is_an_error(string url)
    {
        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration() with { AwsEndpointUrl = url })));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("aws_endpoint_url", thrown.Message);
    }

    [Fact]
    public void Region_that_is_nowhere_is_an_error()
    {
        var thrown = Assert.Throws<DiscoveryException>(() => Discoverers(Configuration() with { AwsRegions = [] }));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("aws_regions", thrown.Message);
    }

    [Fact]
    public async Task Region_of_the_instance_is_asked_of_its_metadata_service()
    {
        await using var instance = await MetadataStub.StartAsync("eu-south-2");

        var environment = AwsInTest.Environment(variables: [("AWS_EC2_METADATA_DISABLED", "false"), ("AWS_EC2_METADATA_SERVICE_ENDPOINT", instance.Url)])
            with { Time = SlowTime.Thirtyfold };
        var discoverer = Assert.Single(RdsPlugin.CreateDiscoverers(Configuration() with { AwsRegions = [] }, environment, AwsInTest.Limits));

        Assert.Equal("aws rds ( region = eu-south-2 )", discoverer.DiscoveryId);
    }

    [Fact]
    public async Task Account_that_the_answer_does_not_name_is_an_error()
    {
        stub.On("sts", "GetCallerIdentity", _ => AwsAnswer.Xml("<html><body>Sign in</body></html>"));

        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration())));

        Assert.Equal(DiscoveryFailure.Malformed, thrown.Failure);
        Assert.Empty(stub.AskedOf("rds", "DescribeDBInstances"));
    }

    [Fact]
    public async Task Authority_that_is_not_trusted_is_an_error_of_tls()
    {
        await using var tls = await MetadataStub.StartAsync("", https: true);

        var thrown = await AwsInTest.FailsAsync(Assert.Single(Discoverers(Configuration() with { AwsEndpointUrl = tls.Url })));

        Assert.Equal(DiscoveryFailure.Tls, thrown.Failure);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("localhost")]
    public async Task Configured_endpoint_outside_of_reach_is_not_asked(string host)
    {
        var environment = AwsInTest.Environment() with { Forbids = static _ => "reach.deny of this replica" };
        var configuration = Configuration() with { AwsEndpointUrl = $"http://{host}:{stub.Port}" };

        var thrown = await AwsInTest.FailsAsync(Assert.Single(RdsPlugin.CreateDiscoverers(configuration, environment, AwsInTest.Limits)));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("reach.deny", thrown.Message, StringComparison.Ordinal);
        Assert.Contains("aws_endpoint_url", thrown.Message, StringComparison.Ordinal);
        Assert.Empty(stub.Asked);
    }

    [Fact]
    public async Task Endpoint_of_the_environment_is_asked_wherever_it_is()
    {
        var environment = AwsInTest.Environment(variables: ("AWS_ENDPOINT_URL", stub.Url)) with { Forbids = static _ => "reach.deny of this replica" };

        await AwsInTest.ScanAsync(Assert.Single(RdsPlugin.CreateDiscoverers(Configuration() with { AwsEndpointUrl = null }, environment, AwsInTest.Limits)));
    }

    [Fact]
    public async Task Configured_endpoint_within_reach_is_asked_for_all_pages_and_services()
    {
        var environment = AwsInTest.Environment() with { Forbids = static address => System.Net.IPAddress.IsLoopback(address) ? null : "reach.allow of this replica" };

        Assert.Single((await AwsInTest.ScanAsync(Assert.Single(RdsPlugin.CreateDiscoverers(Configuration(), environment, AwsInTest.Limits)))).Resources);
    }

    private AwsRdsDiscoveryConfiguration Configuration()
        => new() { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = stub.Url };

    private static AwsAnswer Assumed(string operation) => AwsAnswer.Xml(
        $"""
        <{operation}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><{operation}Result><Credentials><AccessKeyId>ASIAASSUMED</AccessKeyId>
        <SecretAccessKey>secret</SecretAccessKey><SessionToken>session</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>
        </{operation}Result><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{operation}Response>
        """);

    private static TemporaryFolder HomeWithRole()
    {
        var home = new TemporaryFolder("aws");
        Directory.CreateDirectory(home.File(".aws"));
        home.Write(".aws/credentials", "[base]\naws_access_key_id = AKIDBASE\naws_secret_access_key = s\n");
        home.Write(".aws/config", $"[profile reader]\nrole_arn = {Role}\nsource_profile = base\nexternal_id = e-2\n");
        return home;
    }

    private IDiscoverer OfHome(TemporaryFolder home, string profile = "reader") => Assert.Single(RdsPlugin.CreateDiscoverers(
        Configuration() with { AwsCredentials = new() { AwsProfile = profile } }, AwsInTest.Environment(home.Path), AwsInTest.Limits));

    private IDiscoverer OfWebIdentity(string file, string? configured = null) => Assert.Single(Discoverers(
        Configuration() with { AwsCredentials = null, AwsEndpointUrl = configured },
        ("AWS_WEB_IDENTITY_TOKEN_FILE", file), ("AWS_ROLE_ARN", Role), ("AWS_ENDPOINT_URL", stub.Url)));

    private static IEnumerable<IDiscoverer> Discoverers(AwsRdsDiscoveryConfiguration configuration, params (string Name, string Value)[] variables)
        => RdsPlugin.CreateDiscoverers(configuration, AwsInTest.Environment(variables: variables), AwsInTest.Limits);
}
