using Connector.Host.Configuration;
using Connector.Host.Dev;
using Connector.Protocol;
using Xunit;

namespace Connector.Tests.Host.Dev;

[Trait("kind", Kinds.Contract)]
public sealed class ChildReplicasTests : IDisposable
{
    private readonly HostFixture host = new();

    public void Dispose() => host.Dispose();

    [Fact]
    public void Children_read_what_they_are_told()
    {
        var token = HostFixture.Token();
        var children = new ChildReplicas
        {
            DataDirectory = host.Home,
            Token = new Secret(token),
            Server = new Uri("https://localhost:8443"),
            LogLevel = "warn",
            DrainTimeout = TimeSpan.FromSeconds(10),
            HealthPorts = [11, 12],
            GroupPorts = [21, 22],
        }.Prepare();

        // What the user has set for his own replica is taken away again.
        host.Variables["BORDER0_CONFIG_FILE"] = "/none";
        host.Variables["BORDER0_CLUSTER_PEERS"] = "nonsense";
        var settings = children.Select(child =>
        {
            Assert.DoesNotContain(token, string.Join(' ', child.Arguments));
            Assert.DoesNotContain(token, child.ToString());
            using var own = new HostFixture();
            foreach (var (name, value) in host.Variables.Where(pair => !child.Environment.ContainsKey(pair.Key)).Concat(child.Environment.Where(pair => pair.Value is not null)!))
            {
                own.Variables[name] = value!;
            }

            Assert.Equal(["start", "--config"], child.Arguments[..2]);
            return ConnectorSettingsLoader.Load(new ConnectorFlags(child.Arguments[2]), own.Environment);
        }).ToArray();

        Assert.Equal([11, 12], settings.Select(one => one.Health!.Port));
        Assert.Equal([Path.Combine(host.Home, "replica"), Path.Combine(host.Home, "replica-2")], settings.Select(one => one.StateDirectory));
        Assert.All(settings, one => Assert.Equal([21, 22], one.Cluster!.Peers.Select(peer => peer.Port)));
        Assert.Equal([21, 22], settings.Select(one => one.Cluster!.Self.Port));
        Assert.All(settings, one => Assert.Equal((TimeSpan.FromSeconds(10), new Uri("https://localhost:8443")), (one.DrainTimeout, one.ServerUrl)));
        Assert.Equal(2, children.Select(child => child.ReadyFile).Distinct().Count());
    }
}
