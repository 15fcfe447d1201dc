using System.Collections.Concurrent;
using System.Security.Cryptography;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class NginxThroughEdgeTests(SharedDev dev)
{
    private const int Requests = 10_000;
    private const int Connections = 8;
    private const long AllowedGrowth = 192L << 20;

    [Fact]
    public async Task Ten_thousand_keep_alive_requests_are_all_answered()
    {
        Installed.Require(NginxServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var nginx = await NginxServer.StartAsync(cancellation);
        await using var served = await ServeAsync(nginx, cancellation);
        using var client = Client(Connections);
        var used = new ConcurrentDictionary<string, bool>();
        var left = Requests;

        await Task.WhenAll(Enumerable.Range(0, Connections).Select(_ => Task.Run(
            async () =>
            {
                while (Interlocked.Decrement(ref left) >= 0)
                {
                    using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{served.Port}/small.txt"), cancellation);
                    Assert.Equal(NginxServer.SmallText, await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync(cancellation));
                    used[response.Headers.GetValues("X-Connection").Single()] = true;
                }
            },
            cancellation)));

        // nginx numbers its connections: more than we may open would mean that some broke.
        Assert.InRange(used.Count, 1, Connections);
    }

    [Fact]
    public async Task Download_of_a_gigabyte_is_whole_and_takes_constant_memory()
    {
        Installed.Require(NginxServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var nginx = await NginxServer.StartAsync(cancellation, largeMegabytes: 1_000);
        await using var served = await ServeAsync(nginx, cancellation);
        var connector = await dev.GetAsync(cancellation);
        using var client = Client(1);
        var before = ProcessTree.ResidentBytes(connector.ProcessIds);
        var highest = 0L;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        using var response = await client.GetAsync(
            new Uri($"http://127.0.0.1:{served.Port}/large.bin"), HttpCompletionOption.ResponseHeadersRead, cancellation);
        await using var body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[1 << 20];
        int count;
        for (var reads = 0; (count = await body.ReadAsync(buffer, cancellation)) > 0; reads++)
        {
            hash.AppendData(buffer, 0, count);
            if (reads % 256 == 0)
            {
                highest = Math.Max(highest, ProcessTree.ResidentBytes(connector.ProcessIds));
            }
        }

        Assert.Equal(nginx.LargeHash, Convert.ToHexString(hash.GetHashAndReset()));
        Assert.True(highest > 0);
        Assert.True(
            highest - before <= AllowedGrowth,
            $"The connector grew from {before >> 20} to {highest >> 20} MiB; allowed were {AllowedGrowth >> 20} MiB more.");
    }

    [Fact]
    public async Task Server_killed_in_mid_download_ends_the_clients_connection()
    {
        Installed.Require(NginxServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var nginx = await NginxServer.StartAsync(cancellation);
        await using var served = await ServeAsync(nginx, cancellation);
        using var client = Client(1);
        using var response = await client.GetAsync(
            new Uri($"http://127.0.0.1:{served.Port}/slow.bin"), HttpCompletionOption.ResponseHeadersRead, cancellation);
        await using var body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[64 * 1024];
        await body.ReadExactlyAsync(buffer, cancellation);

        nginx.Kill();

        // Not a TimeoutException: the client hears of it, and does not hear that the body was whole.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            while (await body.ReadAsync(buffer, cancellation).AsTask().WaitAsync(TimeSpan.FromSeconds(60), cancellation) > 0)
            {
            }
        });
    }

    private static HttpClient Client(int connections)
        => new(new SocketsHttpHandler { MaxConnectionsPerServer = connections, UseProxy = false }) { Timeout = TimeSpan.FromMinutes(5) };

    private async Task<ServedPort> ServeAsync(NginxServer nginx, CancellationToken cancellation)
    {
        var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), nginx.Port);
        await Eventually.SucceedsAsync(
            () => ChildProcess.RunAsync(InstalledProgram.Curl.Require(), ["-sS", "--fail", $"http://127.0.0.1:{served.Port}/small.txt"], TimeSpan.FromMinutes(1)),
            "curl is served through the edge",
            cancellation);
        return served;
    }
}
