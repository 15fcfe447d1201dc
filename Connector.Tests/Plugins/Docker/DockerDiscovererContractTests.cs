using Connector.Protocol.Plugins;
using Connector.Plugins.Docker;

namespace Connector.Tests.Plugins.Docker;

[Trait("kind", Kinds.Contract)]
public sealed class DockerDiscovererContractTests : DiscovererContract
{
    private protected override async Task<SourceInTest> AnsweringAsync()
    {
        var engine = await EngineStub.StartAsync(
            EngineStub.Container("a1", "/web", null, EngineStub.Port("0.0.0.0", 80, 8080)), EngineStub.Container("b2", "/db"));
        return new SourceInTest(engine.Discoverer(), Task.CompletedTask, engine);
    }

    private protected override async Task<SourceInTest> SilentAsync()
    {
        var engine = await EngineStub.StartAsync();
        engine.Instead = async (server, context) =>
        {
            await server.StaySilentAsync(context);
            return true;
        };
        return new SourceInTest(engine.Discoverer(), engine.Server.Asked, engine);
    }

    private protected override Task<SourceInTest> UnreachableAsync()
    {
        var configuration = new DockerDiscoveryConfiguration { DockerHost = "unix:///nonexistent/docker.sock" };
        return Task.FromResult(new SourceInTest(DockerPlugin.CreateDiscoverers(configuration, LocalEnvironment.With()).Single(), Task.CompletedTask));
    }

    private protected override async Task<SourceInTest> HostileAsync()
    {
        var labels = HostileTexts.All.Select((text, i) => (text, i)).ToDictionary(one => $"{one.i}{one.text}", one => one.text);
        var engine = await EngineStub.StartAsync(
            HostileTexts.All.Select((text, i) => EngineStub.Container($"{i}", $"/{text}", labels, EngineStub.Port(text, 1, 2, text))).ToArray());
        return new SourceInTest(engine.Discoverer(), Task.CompletedTask, engine);
    }
}
