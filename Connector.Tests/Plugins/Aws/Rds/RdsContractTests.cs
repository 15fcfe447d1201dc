using Connector.Plugins;
using Connector.Plugins.Aws.Rds;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Aws.Rds;

[Trait("kind", Kinds.Contract)]
public sealed class RdsContractTests : AwsDiscovererContract
{
    private protected override string Service => "rds";

    private protected override string Operation => "DescribeDBInstances";

    private protected override IReadOnlyList<string> Hostile => HostileTexts.Printable;

    private protected override IDiscoverer Create(string url) => Assert.Single(RdsPlugin.CreateDiscoverers(
        new AwsRdsDiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = url },
        AwsInTest.Environment(), AwsInTest.Limits));

    private protected override void Fill(AwsStub stub, IReadOnlyList<string> texts)
        => stub.On("rds", "DescribeDBInstances", _ => RdsAnswers.Page(texts.Select((text, number) => RdsAnswers.Instance(number, text))));
}
