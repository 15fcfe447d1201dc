using Connector.Plugins;
using Connector.Plugins.Aws.Eks;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Aws.Eks;

[Trait("kind", Kinds.Contract)]
public sealed class EksContractTests : AwsDiscovererContract
{
    private protected override string Service => "eks";

    private protected override string Operation => "ListClusters";

    private protected override IDiscoverer Create(string url) => Assert.Single(EksPlugin.CreateDiscoverers(
        new AwsEksDiscoveryConfiguration { ScanIntervalMinutes = 5, AwsRegions = AwsInTest.Regions, AwsCredentials = AwsInTest.Keys, AwsEndpointUrl = url },
        AwsInTest.Environment(), AwsInTest.Limits));

    private protected override void Fill(AwsStub stub, IReadOnlyList<string> texts)
    {
        stub.On("eks", "ListClusters", _ => AwsAnswer.Json(new { clusters = texts.Select((_, number) => $"c{number}"), nextToken = (string?)null }));
        stub.On("eks", "DescribeCluster", question => EksAnswers.Cluster(question, tags: new { team = texts[int.Parse(question.Path.Split('c')[^1])] }));
    }
}
