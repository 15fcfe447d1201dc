using System.Collections.Immutable;
using Connector.Protocol.Discovery;
using Xunit;

namespace Connector.Tests.Protocol.Discovery;

[Trait("kind", Kinds.Pure)]
public sealed class ResourceEndpointsTests
{
    [Theory]
    [InlineData("0.0.0.0:81", null, "127.0.0.1:81")]
    [InlineData("[::]:81", null, "::1:81")]
    [InlineData("127.0.0.1:81", null, "127.0.0.1:81")]
    [InlineData("192.0.2.7:81", null, "192.0.2.7:81")]
    [InlineData("0.0.0.0:81", "192.0.2.1", "192.0.2.1:81")]
    [InlineData("[::]:81", "engine.example.com", "engine.example.com:81")]
    [InlineData("192.0.2.7:81", "192.0.2.1", "192.0.2.7:81")]
    public void Container_is_reached_at_the_machine_of_its_engine(string binding, string? engineHost, string expected)
        => Assert.Equal([expected], Of(binding, engineHost));

    [Theory]
    [InlineData("127.0.0.1:81")]
    [InlineData("[::1]:81")]
    public void What_another_machine_publishes_on_its_own_loopback_is_not_reached(string binding) => Assert.Empty(Of(binding, "192.0.2.1"));

    private static IEnumerable<string> Of(string binding, string? engineHost)
        => ResourceEndpoints.Of(new DiscoveredResource(ResourceTypes.DockerContainer, new DockerContainerDetails
        {
            ContainerId = "1", EngineHost = engineHost, PortBindings = ImmutableSortedDictionary<string, string>.Empty.Add(binding, "80/tcp"),
        })).Select(static at => $"{at.Host}:{at.Port}");
}
