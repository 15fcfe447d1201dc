using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Connector.Server.Store;
using Connector.Server.Store.Database;

namespace Connector.Server.Feed.Serving;

/// <summary>
/// All edges: the one in this process, if there is one, and those that are registered and came at least once. One that is away stays: replicas keep their links to it,
/// and it serves. One that is deleted goes. Thread-safe.
/// </summary>
public sealed class EdgeDirectory : IEdgeDirectory
{
    private readonly EdgeCatalog catalog;
    private readonly SemaphoreSlim refreshing = new(1, 1);
    private readonly Lock gate = new();
    private ImmutableArray<KnownEdge> builtIn;
    private ImmutableArray<KnownEdge> registered;
    private ImmutableArray<EdgeEntry> entries;

    internal EdgeDirectory(EdgeCatalog catalog) => this.catalog = catalog;

    public event Action? Changed;

    // Locked, as the others: a default array must not be seen half set.
    public ImmutableArray<EdgeEntry> Edges
    {
        get
        {
            lock (gate)
            {
                return entries;
            }
        }
    }

    /// <summary>The one in this process first. Empty while not known yet.</summary>
    internal ImmutableArray<KnownEdge> Known
    {
        get
        {
            lock (gate)
            {
                return [.. builtIn.IsDefault ? [] : builtIn, .. registered.IsDefault ? [] : registered];
            }
        }
    }

    /// <summary>To be called once the ports of this process are known; only then are replicas told of edges.</summary>
    /// <param name="own">The edge in this process; null when there is none.</param>
    /// <param name="publicHost">What end users dial for it.</param>
    public void Publish(EdgeEntry? own, string publicHost)
    {
        var rows = catalog.List();
        lock (gate)
        {
            builtIn = own is null ? [] : [new KnownEdge(own.EdgeId, BuiltInEdge.Name, publicHost, own.Addresses, own.CaPins)];
        }

        // A replica may have connected before: its listener was open already.
        Set(rows);
    }

    /// <summary>Reads the registered edges anew, after a change.</summary>
    /// <exception cref="ControlStoreException">They could not be read; the directory is as it was.</exception>
    internal async Task RefreshAsync(CancellationToken cancellationToken)
    {
        // One after another: an older reading must not overwrite a newer one.
        await refreshing.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            Set(await catalog.ListAsync(cancellationToken).ConfigureAwait(false));
        }
        finally
        {
            refreshing.Release();
        }
    }

    private static KnownEdge Of(EdgeRow row)
        => new(new EdgeId(row.Id), row.Name, row.PublicHost, [.. row.Addresses.Split(' ', StringSplitOptions.RemoveEmptyEntries)], [.. row.CaPins.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);

    private static bool Same(ImmutableArray<EdgeEntry> one, ImmutableArray<EdgeEntry> two)
        => !one.IsDefault && one.Length == two.Length && one.Zip(two).All(pair => pair.First.EdgeId == pair.Second.EdgeId
            && pair.First.Addresses.SequenceEqual(pair.Second.Addresses) && pair.First.CaPins.SequenceEqual(pair.Second.CaPins));

    private void Set(IEnumerable<EdgeRow> rows)
    {
        lock (gate)
        {
            registered = [.. rows.Where(row => row.Addresses.Length > 0).Select(Of)];
            if (builtIn.IsDefault)
            {
                // Until the ports of this process are known, replicas are told nothing: a list without its edge would end their links to it.
                return;
            }

            ImmutableArray<EdgeEntry> next = [.. builtIn.Concat(registered).Select(edge => new EdgeEntry(edge.Id, edge.Addresses, edge.CaPins))];
            if (Same(entries, next))
            {
                return;
            }

            entries = next;
        }

        Changed?.Invoke();
    }
}
