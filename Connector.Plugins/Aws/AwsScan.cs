using System.Collections.Immutable;
using Connector.Protocol.Discovery;

namespace Connector.Plugins.Aws;

/// <summary>One scan in the making. Not for several threads at once.</summary>
internal sealed class AwsScan(AwsSession session, IProgress<DiscoveryProgress>? progress, CancellationToken cancellationToken)
{
    // Words for people: who has a hundred failures looks into the log of AWS.
    private const int MostWords = 50;

    private readonly List<DiscoveredResource> resources = [];
    private readonly HashSet<string> identities = new(StringComparer.Ordinal);
    private readonly List<string> warnings = [];
    private readonly List<string> gaps = [];
    private int unidentified;
    private bool full;
    private long done;

    public AwsSession Session => session;

    public CancellationToken CancellationToken => cancellationToken;

    public AwsLimits Limits => session.Access.Limits;

    public TimeProvider Time => session.Access.Environment.Time;

    public int Found => resources.Count;

    /// <summary>Pages may overlap while the source changes: each identity is kept once.</summary>
    public void Add(DiscoveredResource resource)
    {
        if (resource.Identity is not { } identity)
        {
            unidentified++;
        }
        else if (resources.Count >= Limits.Resources)
        {
            full = true;
        }
        else if (identities.Add(identity))
        {
            resources.Add(resource);
        }
    }

    public void Warn(string text) => Say(warnings, text);

    public void Gap(string text) => Say(gaps, text);

    public void Report(string doing, long? total = null) => progress?.Report(new DiscoveryProgress(doing, ++done, total, resources.Count));

    /// <summary>All pages, one after the other.</summary>
    /// <param name="what">"instances".</param>
    /// <param name="page">Reads the page that a token leads to, null for the first, and returns the token of the next, null or empty when there is none.</param>
    /// <exception cref="DiscoveryException">It does not end.</exception>
    public async Task PagesAsync(string what, Func<string?, Task<string?>> page)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        string? token = null;
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            token = await page(token).ConfigureAwait(false);
            if (token is { Length: > 0 } && (!seen.Add(token) || seen.Count >= Limits.Pages))
            {
                throw new DiscoveryException(
                    DiscoveryFailure.Malformed,
                    seen.Count >= Limits.Pages
                        ? $"Listing the {what} ({session.Access.Place}): there are more than {Limits.Pages} pages; narrow the plugin down"
                        : $"Listing the {what} ({session.Access.Place}): the pages lead back to one that was read; is the endpoint that of AWS?");
            }
        }
        while (token is { Length: > 0 });
    }

    /// <summary>Each cluster by itself: one that was deleted since it was listed is passed over, one that cannot be read is a gap.</summary>
    /// <param name="gap">What the gap says of a cluster, without the reason.</param>
    /// <exception cref="DiscoveryException">None of those that are left could be read.</exception>
    public async Task ClustersAsync(IReadOnlyCollection<string> clusters, Func<string, Task> read, Func<string, string> gap)
    {
        DiscoveryException? unread = null;
        var (failed, gone) = (0, 0);
        foreach (var cluster in clusters)
        {
            try
            {
                await read(cluster).ConfigureAwait(false);
            }
            catch (DiscoveryException failure) when (AwsFailure.IsGone(failure))
            {
                gone++;
            }
            catch (DiscoveryException failure)
            {
                failed++;
                unread ??= failure;
                Gap($"{gap(cluster)} {failure.Message}");
            }
        }

        if (unread is not null && failed == clusters.Count - gone && Found == 0)
        {
            throw unread;
        }
    }

    public Discovery Finish()
    {
        if (unidentified > 0)
        {
            Gap($"{unidentified} resources came without an identifier and are left out");
        }

        if (full)
        {
            Gap($"There are more than {Limits.Resources} resources; the rest is left out: narrow the plugin down");
        }

        progress?.Report(new DiscoveryProgress($"finished ({session.Access.Place})", ++done, done, resources.Count));
        return new Discovery([.. resources], [.. warnings], [.. gaps]);
    }

    /// <summary>As far as they may be kept: half a page of tags is memory for nothing.</summary>
    public static ImmutableSortedDictionary<string, string> Tags(IEnumerable<(string? Key, string? Value)> tags)
    {
        var builder = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in tags.Where(static tag => tag.Key is not null).Take(ResourceBounds.MostEntries))
        {
            builder[key!] = value ?? "";
        }

        return builder.ToImmutable();
    }

    /// <summary>A name of theirs, for words of ours.</summary>
    public static string Short(string name)
    {
        const int most = 100;
        return ResourceBounds.Text(name.Length > most ? name[..most] : name);
    }

    private static void Say(List<string> words, string text)
    {
        if (words.Count < MostWords)
        {
            words.Add(ResourceBounds.Text(text));
        }
        else if (words.Count == MostWords)
        {
            words.Add("... and more of the kind");
        }
    }
}
