using System.Collections.Concurrent;
using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Links;

/// <summary>
/// Connectors whose links have changed and were not reported yet. At most one signal is outstanding, whatever a peer does. Thread-safe.
/// </summary>
internal sealed class LinkChanges
{
    private readonly ConcurrentDictionary<ConnectorId, bool> marked = new();
    private Action signal = () => { };
    private int signalled;

    /// <summary>Called once after the first mark since the last <see cref="Drain"/>, on the marking thread.</summary>
    public void OnMarked(Action action)
    {
        Volatile.Write(ref signal, action);
        if (!marked.IsEmpty)
        {
            action();
        }
    }

    public void Mark(ConnectorId connector)
    {
        marked[connector] = true;
        if (Interlocked.Exchange(ref signalled, 1) == 0)
        {
            Volatile.Read(ref signal)();
        }
    }

    public IReadOnlyList<ConnectorId> Drain()
    {
        // Cleared first: a mark that comes during the copy signals again rather than getting lost.
        Volatile.Write(ref signalled, 0);
        var drained = new List<ConnectorId>();
        foreach (var connector in marked.Keys)
        {
            if (marked.TryRemove(connector, out _))
            {
                drained.Add(connector);
            }
        }

        return drained;
    }
}
