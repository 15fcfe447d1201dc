using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Connector.Plugins;
using Connector.Plugins.Network;
using Connector.Protocol.Plugins;

namespace Connector.Tests.Plugins.Network;

/// <summary>What scans say of addresses that this machine cannot or may not dial.</summary>
[Trait("kind", Kinds.Contract)]
public sealed class ScanObstaclesTests
{
    // The system has no route to a group of hosts.
    private const string NoRoute = "224.0.0.1";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Addresses_without_a_route_are_a_gap()
    {
        await using var ssh = new SpeakingServer("SSH-2.0-a\r\n"u8.ToArray());

        var found = await ScanAsync(["127.0.0.1", NoRoute], ssh.Port);

        Assert.Single(found.Resources);
        Assert.Contains("1 of 2", Assert.Single(found.Gaps), StringComparison.Ordinal);
        Assert.Contains("no route", found.Gaps[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_route_to_any_the_scan_fails()
    {
        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => ScanAsync([NoRoute], 22));

        Assert.Equal(DiscoveryFailure.Unreachable, thrown.Failure);
        Assert.Contains("no route", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Broadcast_address_of_an_own_network_is_no_gap()
    {
        if (!OperatingSystem.IsLinux())
        {
            Assert.Skip("loopback has a broadcast address on Linux only");
        }

        await using var ssh = new SpeakingServer("SSH-2.0-a\r\n"u8.ToArray());

        Assert.True((await ScanAsync(["127.0.0.1", "127.255.255.255"], ssh.Port)).IsComplete);
    }

    [Fact]
    public async Task Name_with_both_families_is_complete_without_ipv6()
    {
        await using var ssh = new SpeakingServer("SSH-2.0-a\r\n"u8.ToArray());
        var tries = 0;

        var found = await ScanAsync(["127.0.0.1", "::1"], ssh.Port, open: family =>
        {
            if (family == AddressFamily.InterNetworkV6)
            {
                tries++;
                throw new SocketException((int)SocketError.AddressFamilyNotSupported);
            }

            return new Socket(family, SocketType.Stream, ProtocolType.Tcp);
        });

        Assert.Single(found.Resources);
        Assert.True(found.IsComplete, string.Join("; ", found.Gaps));
        Assert.Contains("no IPv6", Assert.Single(found.Warnings), StringComparison.Ordinal);
        Assert.Equal(1, tries);
    }

    [Fact]
    public async Task Address_of_ipv6_without_ipv6_is_an_error_that_says_so()
    {
        var thrown = await Assert.ThrowsAsync<DiscoveryException>(
            () => ScanAsync(["::1"], 22, open: static _ => throw new SocketException((int)SocketError.AddressFamilyNotSupported)));

        Assert.Equal(DiscoveryFailure.Unreachable, thrown.Failure);
        Assert.Contains("no IPv6", thrown.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("sockets", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Addresses_outside_of_reach_are_not_dialled_and_are_a_warning()
    {
        await using var inside = new SpeakingServer("SSH-2.0-a\r\n"u8.ToArray(), at: new IPEndPoint(IPAddress.Parse("127.7.8.1"), 0));
        await using var outside = new SpeakingServer("SSH-2.0-b\r\n"u8.ToArray(), at: new IPEndPoint(IPAddress.Parse("127.7.8.2"), inside.Port));

        var found = await ScanAsync(["127.7.8.1", "127.7.8.2"], inside.Port, forbids: static address => address.ToString() == "127.7.8.2" ? "reach.deny" : null);

        Assert.Single(found.Resources);
        Assert.True(found.IsComplete);
        Assert.Contains("1 of 2", Assert.Single(found.Warnings), StringComparison.Ordinal);
        Assert.Contains("reach.deny", found.Warnings[0], StringComparison.Ordinal);
        Assert.Equal(0, outside.Connections);
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.0/24")]
    [InlineData("224.0.0.1")]
    [InlineData("64:ff9b::169.254.169.254")]
    public async Task Target_outside_of_reach_is_an_error_that_names_reach(string target)
    {
        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => Scans.Of(target, 80).DiscoverAsync(null, Cancellation));

        Assert.Equal(DiscoveryFailure.Configuration, thrown.Failure);
        Assert.Contains("section reach", thrown.Message, StringComparison.Ordinal);
    }

    private static async Task<Discovery> ScanAsync(
        IEnumerable<string> addresses, int port, Func<AddressFamily, Socket>? open = null, Func<IPAddress, string?>? forbids = null)
    {
        ImmutableArray<AddressRange> ranges = AddressRange.Merged(addresses.Select(IPAddress.Parse).Select(static address => AddressRange.Of(address, address)));
        await using var discoverer = new NetworkDiscoverer(
            "network", _ => Task.FromResult(new ScanAddresses(ranges, "host.test", [])), [port], new ProbeBudget(2_000, 100, TimeProvider.System),
            LocalEnvironment.With(time: SlowTime.Thirtyfold, forbids: forbids ?? (static _ => null)), open);
        return await discoverer.DiscoverAsync(null, Cancellation);
    }
}
