using Connector.Plugins;
using Microsoft.AspNetCore.Http;

namespace Connector.Tests.Plugins.Kubernetes;

[Trait("kind", Kinds.Contract)]
public sealed class KubernetesWatchTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Changes_after_the_scan_are_told_together()
    {
        await using var cluster = await ClusterStub.StartAsync(ClusterStub.Service("a"));
        var discoverer = cluster.Discoverer();
        await discoverer.DiscoverAsync(null, Cancellation);
        await using var changes = discoverer.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        for (var i = 0; i < 500; i++)
        {
            cluster.Tell("ADDED", $"s{i}", $"{101 + i}");
        }

        cluster.EndWatches();
        var told = 0;
        while (await MoveAsync(changes))
        {
            told++;
            Assert.StartsWith("service default/s", changes.Current.What, StringComparison.Ordinal);
        }

        Assert.InRange(told, 1, 100);
        Assert.Contains(cluster.Asked, one => one.Contains("watch=true", StringComparison.Ordinal)
            && one.Contains("allowWatchBookmarks=true", StringComparison.Ordinal) && one.Contains("resourceVersion=100", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Bookmarks_are_no_changes_and_the_next_watch_goes_on_from_them()
    {
        await using var cluster = await ClusterStub.StartAsync();
        var discoverer = cluster.Discoverer();
        cluster.Tell("BOOKMARK", "", "555");
        cluster.EndWatches();

        for (var watch = 0; watch < 2; watch++)
        {
            await using var changes = discoverer.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
            Assert.False(await MoveAsync(changes));
        }

        Assert.DoesNotContain("resourceVersion", cluster.Asked[0], StringComparison.Ordinal);
        Assert.Contains("resourceVersion=555", cluster.Asked[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Watch_that_has_expired_ends_and_the_next_one_begins_without_a_version(bool asEvent)
    {
        await using var cluster = await ClusterStub.StartAsync();
        var discoverer = cluster.Discoverer();
        await discoverer.DiscoverAsync(null, Cancellation);
        if (asEvent)
        {
            cluster.TellLine("""{"type":"ERROR","object":{"kind":"Status","status":"Failure","reason":"Expired","code":410}}""");
        }
        else
        {
            cluster.Instead = (_, context) => ClusterStub.RefuseAsync(context, 410, "Expired", "too old resource version");
        }

        await using (var changes = discoverer.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation))
        {
            // What happened meanwhile is not known: that asks for a scan.
            Assert.True(await MoveAsync(changes));
            Assert.Contains("expired", changes.Current.What, StringComparison.Ordinal);
            Assert.False(await MoveAsync(changes));
        }

        cluster.Instead = null;
        cluster.EndWatches();
        await using var next = discoverer.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.False(await MoveAsync(next));
        Assert.DoesNotContain("resourceVersion", cluster.Asked[^1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Cluster_whose_certificate_is_for_another_name_is_watched_as_it_is_listed()
    {
        await using var cluster = await ClusterStub.StartWithTlsAsync(isTrusted: true, "cluster.internal", tlsServerName: "cluster.internal", services: ClusterStub.Service("a"));
        var discoverer = cluster.Discoverer();
        Assert.Single((await discoverer.DiscoverAsync(null, Cancellation)).Resources);
        await using var changes = discoverer.WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);
        cluster.Tell("ADDED", "b", "101");
        Assert.True(await MoveAsync(changes));
    }

    [Fact]
    public async Task Watch_that_is_denied_names_the_verb()
    {
        await using var cluster = await ClusterStub.StartAsync();
        cluster.Instead = (_, context) => ClusterStub.RefuseAsync(context, 403, "Forbidden", "forbidden");
        await using var changes = cluster.Discoverer().WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);

        var thrown = await Assert.ThrowsAsync<DiscoveryException>(() => MoveAsync(changes));

        Assert.Equal(DiscoveryFailure.Denied, thrown.Failure);
        Assert.Contains("\"watch\" on the resource \"services\"", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Line_that_makes_no_sense_ends_the_watch_as_malformed()
    {
        await using var cluster = await ClusterStub.StartAsync();
        cluster.TellLine("[]");
        await using var changes = cluster.Discoverer().WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);

        Assert.Equal(DiscoveryFailure.Malformed, (await Assert.ThrowsAsync<DiscoveryException>(() => MoveAsync(changes))).Failure);
    }

    [Fact]
    public async Task Line_of_megabytes_ends_the_watch_as_malformed()
    {
        await using var cluster = await ClusterStub.StartAsync();
        cluster.TellLine(new string('x', 6_000_000));
        await using var changes = cluster.Discoverer().WatchAsync(Cancellation).GetAsyncEnumerator(Cancellation);

        Assert.Equal(DiscoveryFailure.Malformed, (await Assert.ThrowsAsync<DiscoveryException>(() => MoveAsync(changes))).Failure);
    }

    [Fact]
    public async Task Watch_that_is_cancelled_ends()
    {
        await using var cluster = await ClusterStub.StartAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        await using var changes = cluster.Discoverer().WatchAsync(cancelled.Token).GetAsyncEnumerator(cancelled.Token);
        var next = changes.MoveNextAsync().AsTask();
        await cluster.Server.Asked.WaitAsync(Deadline, Cancellation);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(Deadline, Cancellation));
    }

    private static Task<bool> MoveAsync(IAsyncEnumerator<SourceChanged> changes) => changes.MoveNextAsync().AsTask().WaitAsync(Deadline, Cancellation);
}
