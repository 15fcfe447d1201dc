using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Connector.Actors.Reach;
using Connector.Plugins;
using Connector.Plugins.Aws;
using Connector.Protocol;
using Connector.Protocol.Sockets;
using Connector.Protocol.Variables;

namespace Connector.Tests.Plugins.Aws;

internal static class AwsInTest
{
    public const string Region = "eu-west-1";

    /// <summary>Pauses that nobody waits for; deadlines that a slow machine does not reach.</summary>
    public static AwsLimits Limits { get; } = new()
    {
        Attempts = 3, FirstPause = TimeSpan.FromMilliseconds(1), Attempt = TimeSpan.FromSeconds(60), Call = TimeSpan.FromSeconds(120), Identity = TimeSpan.FromSeconds(60),
    };

    public static AwsCredentials Keys { get; } = new() { AwsAccessKeyId = "AKIDEXAMPLE", AwsSecretAccessKey = new Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY") };

    public static ImmutableArray<string> Regions => [Region];

    /// <summary>Nothing of the machine that runs the test is seen.</summary>
    public static PluginEnvironment Environment(string home = "/nonexistent", params (string Name, string Value)[] variables)
    {
        var all = variables.Append((Name: "AWS_EC2_METADATA_DISABLED", Value: "true")).GroupBy(one => one.Name).ToDictionary(one => one.Key, one => one.First().Value);
        return new PluginEnvironment(new VariableResolver(all.GetValueOrDefault, home), all.GetValueOrDefault, home, TimeProvider.System, ReachPolicy.Floor.Forbids);
    }

    public static Task<Discovery> ScanAsync(IDiscoverer discoverer) => discoverer.DiscoverAsync(null, TestContext.Current.CancellationToken);

    public static Task<DiscoveryException> FailsAsync(IDiscoverer discoverer) => Assert.ThrowsAsync<DiscoveryException>(() => ScanAsync(discoverer));

    /// <summary>An address of loopback that refuses, and goes on doing so while this is held.</summary>
    public static Socket Refusing(out string url)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        url = $"http://{socket.LocalEndPoint}";
        return socket;
    }
}
