using System.Net;
using Connector.Plugins;
using Connector.Plugins.Network;
using Connector.Protocol.Discovery;
using Connector.Protocol.Plugins;
using Connector.Tests.Processes;

namespace Connector.Tests.Plugins.Network;

[Trait("kind", Kinds.Contract)]
public sealed class NetworkDiscovererTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("127.7.7.0/28")]
    [InlineData("127.7.7.1-127.7.7.20")]
    public async Task All_addresses_of_a_network_and_a_range_are_tried(string target)
    {
        var port = FreePorts.Take();
        await using var first = new SpeakingServer("SSH-2.0-a\r\n"u8.ToArray(), at: new IPEndPoint(IPAddress.Parse("127.7.7.1"), port));
        await using var last = new SpeakingServer("SSH-2.0-b\r\n"u8.ToArray(), at: new IPEndPoint(IPAddress.Parse("127.7.7.14"), port));

        var found = await Scans.Of(SlowTime.Thirtyfold, target, port).DiscoverAsync(null, Cancellation);

        Assert.Equal(["127.7.7.1", "127.7.7.14"], found.Resources.Select(one => ((NetworkServerDetails)one.Details).IpAddress).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Host_name_means_its_addresses_and_they_have_names()
    {
        await using var ssh = new SpeakingServer("SSH-2.0-a\r\n"u8.ToArray());

        var found = await Scans.Of(SlowTime.Thirtyfold, "localhost", ssh.Port).DiscoverAsync(null, Cancellation);

        var details = (NetworkServerDetails)Assert.Single(found.Resources).Details;
        Assert.Equal(("127.0.0.1", $"{ssh.Port}"), (details.IpAddress, details.Port));
    }

    [Fact]
    public async Task Interface_with_more_addresses_than_may_be_scanned_is_refused_when_it_is_scanned()
    {
        var loopback = System.Net.NetworkInformation.NetworkInterface.GetAllNetworkInterfaces()
            .First(one => one.NetworkInterfaceType == System.Net.NetworkInformation.NetworkInterfaceType.Loopback).Name;

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => Scans.Of(loopback, 22).DiscoverAsync(null, Cancellation));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("max_addresses", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Targets_have_ids_with_their_place()
    {
        var discoverers = NetworkPlugin.CreateDiscoverers(
            new NetworkDiscoveryConfiguration { Targets = [new() { Target = "10.0.0.1" }, new() { Target = "host.test", Ports = [1] }] }, LocalEnvironment.With());

        Assert.Equal(["network [1/2] ( target = 10.0.0.1 )", "network [2/2] ( target = host.test )"], discoverers.Select(one => one.DiscoveryId));
    }

    [Theory]
    [InlineData("10.0.0.0/8")]
    [InlineData("10.0.0.9-10.0.0.1")]
    [InlineData("!")]
    [InlineData("")]
    public void Targets_that_make_no_sense_are_refused(string target)
    {
        var thrown = Assert.Throws<DiscoveryException>(
            () => NetworkPlugin.CreateDiscoverers(new NetworkDiscoveryConfiguration { Targets = [new() { Target = target }] }, LocalEnvironment.With()));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
    }

    [Fact]
    public async Task Fast_refusals_of_many_addresses_are_all_counted()
    {
        var progress = new List<DiscoveryProgress>();
        var configuration = new NetworkDiscoveryConfiguration { ProbesPerSecond = NetworkDiscoveryConfiguration.MostProbesPerSecond };
        var port = FreePorts.Take();

        var found = await Scans.Of(configuration, TimeProvider.System, "127.8.0.0/20", port).DiscoverAsync(new Recorded(progress), Cancellation);

        Assert.Empty(found.Resources);
        Assert.True(found.IsComplete, string.Join("; ", found.Gaps));
        Assert.Empty(found.Warnings);
        Assert.Equal(4_094, progress[^1].Total);
        Assert.Equal(4_094, progress[^1].Done);
    }

    private sealed class Recorded(List<DiscoveryProgress> all) : IProgress<DiscoveryProgress>
    {
        public void Report(DiscoveryProgress value)
        {
            lock (all)
            {
                all.Add(value);
            }
        }
    }
}
