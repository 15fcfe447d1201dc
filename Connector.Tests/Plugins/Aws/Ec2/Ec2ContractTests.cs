using Connector.Plugins;
using Connector.Plugins.Aws.Ec2;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Aws.Ec2;

[Trait("kind", Kinds.Contract)]
public sealed class Ec2ContractTests : AwsDiscovererContract
{
    private protected override string Service => "ec2";

    private protected override string Operation => "DescribeInstances";

    private protected override IReadOnlyList<string> Hostile => HostileTexts.Printable;

    private protected override IDiscoverer Create(string url) => Assert.Single(Ec2Plugin.CreateDiscoverers(
        new AwsEc2DiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = url },
        AwsInTest.Environment(), AwsInTest.Limits));

    private protected override void Fill(AwsStub stub, IReadOnlyList<string> texts)
        => stub.On("ec2", "DescribeInstances", _ => Ec2Answers.Page(texts.Select((text, number) => Ec2Answers.Instance(number, text))));
}
