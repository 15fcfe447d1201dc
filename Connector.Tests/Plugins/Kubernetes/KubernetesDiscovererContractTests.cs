using Connector.Plugins.Kubernetes;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;

namespace Connector.Tests.Plugins.Kubernetes;

[Trait("kind", Kinds.Contract)]
public sealed class KubernetesDiscovererContractTests : DiscovererContract
{
    private protected override async Task<SourceInTest> AnsweringAsync()
    {
        var cluster = await ClusterStub.StartAsync(ClusterStub.Service("web"), ClusterStub.Service("web", "other"));
        return new SourceInTest(cluster.Discoverer(), Task.CompletedTask, cluster);
    }

    private protected override async Task<SourceInTest> SilentAsync()
    {
        var cluster = await ClusterStub.StartAsync();
        cluster.Instead = async (server, context) =>
        {
            await server.StaySilentAsync(context);
            return true;
        };
        return new SourceInTest(cluster.Discoverer(), cluster.Server.Asked, cluster);
    }

    private protected override Task<SourceInTest> UnreachableAsync()
    {
        var configuration = new KubernetesDiscoveryConfiguration { KubernetesCredentials = new() { MasterUrl = $"http://127.0.0.1:{FreePorts.Take()}" } };
        return Task.FromResult(new SourceInTest(KubernetesPlugin.CreateDiscoverers(configuration, LocalEnvironment.With()).Single(), Task.CompletedTask));
    }

    private protected override async Task<SourceInTest> HostileAsync()
    {
        var labels = HostileTexts.All.Select((text, i) => (text, i)).ToDictionary(one => $"{one.i}{one.text}", one => one.text);
        var cluster = await ClusterStub.StartAsync(HostileTexts.All.Select((text, i) => ClusterStub.Service(text, text, $"{i}", labels)).ToArray());
        return new SourceInTest(cluster.Discoverer(), Task.CompletedTask, cluster);
    }
}
