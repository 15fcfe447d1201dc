using System.Text.Json;
using Connector.Plugins;
using Connector.Protocol.Discovery;

namespace Connector.Tests.Plugins;

/// <summary>What every discoverer promises, whatever it reads. Subclasses give the sources and carry the trait.</summary>
public abstract class DiscovererContract
{
    // Far above what it takes; reached only by a discoverer that does not listen.
    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(3);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>A source with at least two resources.</summary>
    private protected abstract Task<SourceInTest> AnsweringAsync();

    /// <summary>A source that takes what it is asked and never answers.</summary>
    private protected abstract Task<SourceInTest> SilentAsync();

    /// <summary>Nobody is there.</summary>
    private protected abstract Task<SourceInTest> UnreachableAsync();

    /// <summary>A source with at least one resource whose names, tags or labels are <see cref="HostileTexts"/>, as far as it can say them.</summary>
    private protected abstract Task<SourceInTest> HostileAsync();

    [Fact]
    public async Task Scan_finds_resources_with_identities_that_differ()
    {
        await using var source = await AnsweringAsync();

        var found = await DiscoverAsync(source);

        Assert.True(found.Resources.Length >= 2, $"found {found.Resources.Length}");
        Assert.True(found.IsComplete, string.Join("; ", found.Gaps));
        Assert.All(found.Resources, resource => Assert.False(string.IsNullOrEmpty(resource.Identity)));
        Assert.All(found.Resources, resource => Assert.NotEmpty(resource.Name));
        Assert.Equal(found.Resources.Length, found.Resources.Select(resource => resource.Identity).Distinct().Count());
    }

    [Fact]
    public async Task Scans_in_sequence_find_the_same_identities()
    {
        await using var source = await AnsweringAsync();
        var id = source.Discoverer.DiscoveryId;

        var first = await DiscoverAsync(source);
        var second = await DiscoverAsync(source);

        Assert.NotEmpty(first.Resources);
        Assert.Equal(Identities(first), Identities(second));
        Assert.NotEmpty(id);
        Assert.Equal(id, source.Discoverer.DiscoveryId);
    }

    [Fact]
    public async Task Resources_survive_their_json()
    {
        await using var source = await AnsweringAsync();

        var found = await DiscoverAsync(source);

        Assert.NotEmpty(found.Resources);
        Assert.All(found.Resources, resource =>
        {
            var json = resource.ToJson().ToJsonString();
            var read = DiscoveredResource.Read(JsonElement.Parse(json), out var problem);
            Assert.Null(problem);
            Assert.Equal(resource.Identity, read!.Identity);
            Assert.Equal(resource.Name, read.Name);
            Assert.Equal(json, read.ToJson().ToJsonString());
        });
    }

    [Fact]
    public async Task Scan_that_is_cancelled_while_the_source_is_silent_ends_as_cancelled()
    {
        await using var source = await SilentAsync();
        using var cancelled = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);

        var scan = source.Discoverer.DiscoverAsync(null, cancelled.Token);
        await source.Asked.WaitAsync(Deadline, Cancellation);
        Assert.False(scan.IsCompleted, $"the scan of a silent source ended by itself: {scan.Exception?.InnerException?.Message}");
        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => scan.WaitAsync(Deadline, Cancellation));
        Assert.True(scan.IsCanceled || scan.Exception?.InnerException is OperationCanceledException, "the scan went on");
    }

    [Fact]
    public async Task Scan_that_is_cancelled_before_it_begins_reads_nothing()
    {
        await using var source = await AnsweringAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => source.Discoverer.DiscoverAsync(null, new CancellationToken(canceled: true)).WaitAsync(Deadline, Cancellation));
    }

    [Fact]
    public async Task Source_that_cannot_be_reached_is_an_error_that_says_what_to_do()
    {
        await using var source = await UnreachableAsync();

        var failure = await Assert.ThrowsAsync<DiscoveryException>(() => DiscoverAsync(source));

        Assert.Equal(DiscoveryFailure.Unreachable, failure.Failure);
        Assert.True(failure.Message.Length > 30, failure.Message);
        Assert.Empty(HostileTexts.In(failure.Message));
    }

    [Fact]
    public async Task Hostile_texts_do_no_harm()
    {
        await using var source = await HostileAsync();

        var found = await DiscoverAsync(source);

        Assert.NotEmpty(found.Resources);
        Assert.Empty(found.Resources.SelectMany(resource => HostileTexts.In(resource.ToJson())));
        Assert.Empty(found.Warnings.Concat(found.Gaps).SelectMany(HostileTexts.In));
    }

    [Fact]
    public async Task Discoverer_may_be_disposed_twice_also_without_a_scan()
    {
        await using var unused = await AnsweringAsync();
        await unused.Discoverer.DisposeAsync();
        await unused.Discoverer.DisposeAsync();

        await using var used = await AnsweringAsync();
        await DiscoverAsync(used);
        await used.Discoverer.DisposeAsync();
        await used.Discoverer.DisposeAsync();
    }

    [Fact]
    public async Task Progress_is_told_and_never_goes_back()
    {
        await using var source = await AnsweringAsync();
        var told = new Steps();

        var found = await source.Discoverer.DiscoverAsync(told, Cancellation).WaitAsync(Deadline, Cancellation);

        Assert.NotEmpty(told.All);
        Assert.Equal(told.All.Select(step => step.Found).Order(), told.All.Select(step => step.Found));
        Assert.Equal(found.Resources.Length, told.All[^1].Found);
    }

    private static Task<Discovery> DiscoverAsync(SourceInTest source)
        => source.Discoverer.DiscoverAsync(null, Cancellation).WaitAsync(Deadline, Cancellation);

    private static IEnumerable<string?> Identities(Discovery found) => found.Resources.Select(resource => resource.Identity).Order(StringComparer.Ordinal);

    private sealed class Steps : IProgress<DiscoveryProgress>
    {
        private readonly List<DiscoveryProgress> all = [];

        public IReadOnlyList<DiscoveryProgress> All
        {
            get
            {
                lock (all)
                {
                    return [.. all];
                }
            }
        }

        public void Report(DiscoveryProgress value)
        {
            lock (all)
            {
                all.Add(value);
            }
        }
    }
}
