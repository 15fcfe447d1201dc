using Connector.Plugins;
using Connector.Plugins.Aws.Ecs;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Aws.Ecs;

[Trait("kind", Kinds.Contract)]
public sealed class EcsContractTests : AwsDiscovererContract
{
    private protected override string Service => "ecs";

    private protected override string Operation => "ListClusters";

    private protected override IDiscoverer Create(string url) => Assert.Single(EcsPlugin.CreateDiscoverers(
        new AwsEcsDiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = url },
        AwsInTest.Environment(), AwsInTest.Limits));

    private protected override void Fill(AwsStub stub, IReadOnlyList<string> texts)
    {
        stub.On("ecs", "ListClusters", _ => EcsAnswers.Clusters([EcsAnswers.Cluster("main")]));
        stub.On("ecs", "ListServices", _ => EcsAnswers.Services(texts.Select((_, number) => EcsAnswers.Service("main", $"s{number}"))));
        stub.On("ecs", "DescribeServices", question => EcsAnswers.Described(question, tag: arn => texts[int.Parse(arn[(arn.LastIndexOf('s') + 1)..])]));
    }
}
