using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Connector.Server.Feed.Wire;

namespace Connector.Server.Feed.Following;

/// <summary>
/// What an edge has to tell the control plane. What stands (listeners, links, live sessions) is kept as it is now and told anew on each stream; what must last (log
/// records, ended sessions) waits until it is stored there, within bounds: then the oldest is dropped and counted. Thread-safe.
/// </summary>
internal sealed class ReportOutbox
{
    /// <summary>Log records that wait.</summary>
    public const int MaxLogs = 4_096;

    /// <summary>Ended sessions that wait.</summary>
    public const int MaxEnded = 16_384;

    private readonly Lock gate = new();
    private readonly Dictionary<SocketId, EdgeReport> listeners = [];
    private readonly Dictionary<ConnectorId, EdgeReport.LinksChanged> links = [];
    private readonly Dictionary<Guid, SessionRecord> live = [];
    private readonly Queue<EdgeReport.Logged> logs = new();
    private readonly Queue<EdgeReport.SessionEnded> ended = new();

    // Of the stream that there is: what it was not told yet.
    private readonly DistinctQueue<SocketId> newListeners = new();
    private readonly DistinctQueue<ConnectorId> newLinks = new();
    private readonly DistinctQueue<Guid> begun = new();
    private readonly Queue<Report> encoded = new();
    private LinksEncoder encoder = new();
    private bool connected;
    private bool incomplete;
    private bool isOut;

    // Sent and not stored, with its number; none when empty.
    private readonly List<Report> unstored = [];
    private long sequence;
    private long droppedLogs;
    private long droppedEnded;

    /// <summary>Of log records and ended sessions, lost since the start.</summary>
    public (long Logs, long Sessions) Dropped
    {
        get
        {
            lock (gate)
            {
                return (droppedLogs, droppedEnded);
            }
        }
    }

    /// <summary>Nothing that must last waits any more.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (gate)
            {
                return logs.Count == 0 && ended.Count == 0 && unstored.Count == 0;
            }
        }
    }

    public void Add(EdgeReport report)
    {
        lock (gate)
        {
            switch (report)
            {
                case EdgeReport.Listening listening:
                    Stand(listening.SocketId, report);
                    break;
                case EdgeReport.ListenFailed failed:
                    Stand(failed.SocketId, report);
                    break;
                case EdgeReport.LinksChanged { Replicas.IsEmpty: true } none:
                    links.Remove(none.ConnectorId);
                    Tell(newLinks, none.ConnectorId);
                    break;
                case EdgeReport.LinksChanged changed:
                    links[changed.ConnectorId] = changed;
                    Tell(newLinks, changed.ConnectorId);
                    break;
                case EdgeReport.SessionBegan began when live.Count < LiveSessions.Most:
                    live[began.Session.Id] = began.Session;
                    Tell(begun, began.Session.Id);
                    break;
                case EdgeReport.SessionEnded over:
                    live.Remove(over.Session.Id);
                    begun.Remove(over.Session.Id);
                    droppedEnded += Wait(ended, over, MaxEnded);
                    break;
                case EdgeReport.Logged logged:
                    droppedLogs += Wait(logs, logged, MaxLogs);
                    break;
            }
        }
    }

    /// <summary>Forgets what is not in the state any more.</summary>
    public void Keep(EdgeState state)
    {
        var sockets = state.Sockets.Select(socket => socket.Id).ToHashSet();
        lock (gate)
        {
            foreach (var gone in listeners.Keys.Where(id => !sockets.Contains(id)).ToList())
            {
                listeners.Remove(gone);
                newListeners.Remove(gone);
            }
        }
    }

    /// <summary>A new stream: it knows nothing, and what was out on the one before may or may not have been stored.</summary>
    public void Connected()
    {
        lock (gate)
        {
            (encoder, connected, incomplete, isOut) = (new LinksEncoder(), true, true, false);
            Clear();
            newListeners.AddRange(listeners.Keys);
            newLinks.AddRange(links.Keys);
            begun.AddRange(live.Keys);
        }
    }

    public void Disconnected()
    {
        lock (gate)
        {
            (connected, isOut) = (false, false);
            Clear();
        }
    }

    /// <summary>The batch to send now; null when there is nothing to tell, or one is out.</summary>
    public ReportBatch? Next()
    {
        lock (gate)
        {
            if (!connected || isOut)
            {
                return null;
            }

            var batch = new ReportBatch { DroppedLogs = droppedLogs, DroppedSessions = droppedEnded };
            if (unstored.Count > 0)
            {
                // Under its own number and with nothing else: it is the same batch as far as it must last.
                batch.Sequence = sequence;
                batch.Reports.AddRange(unstored);
                isOut = true;
                return batch;
            }

            Fill(batch);
            batch.Complete = incomplete && newListeners.Count == 0 && newLinks.Count == 0 && begun.Count == 0 && encoded.Count == 0;
            if (batch.Reports.Count == 0 && !batch.Complete)
            {
                return null;
            }

            incomplete &= !batch.Complete;
            batch.Sequence = unstored.Count > 0 ? ++sequence : 0;
            isOut = true;
            return batch;
        }
    }

    /// <summary>The control plane has the batch.</summary>
    public void Stored(long number)
    {
        lock (gate)
        {
            isOut = false;
            if (number != 0 && number == sequence)
            {
                unstored.Clear();
            }
        }
    }

    private static int Wait<T>(Queue<T> queue, T item, int most)
    {
        queue.Enqueue(item);
        if (queue.Count <= most)
        {
            return 0;
        }

        queue.Dequeue();
        return 1;
    }

    private void Stand(SocketId socket, EdgeReport report)
    {
        listeners[socket] = report;
        Tell(newListeners, socket);
    }

    // Without a stream there is nobody to tell, and the next one is told everything.
    private void Tell<T>(DistinctQueue<T> queue, T item)
        where T : notnull
    {
        if (connected)
        {
            queue.Add(item);
        }
    }

    private void Clear()
    {
        encoded.Clear();
        newListeners.Clear();
        newLinks.Clear();
        begun.Clear();
    }

    private void Fill(ReportBatch batch)
    {
        var size = 0;
        bool HasRoom() => size < FeedBounds.PartSize && batch.Reports.Count < FeedBounds.MaxReports;
        void Put(Report report)
        {
            batch.Reports.Add(report);
            size += report.CalculateSize();
        }

        while (HasRoom() && newListeners.TryTake(out var socket))
        {
            Put(ReportWire.Of(listeners[socket]));
        }

        // A connector's links may be more than one batch takes: the rest goes before all else.
        while (HasRoom() && (encoded.Count > 0 || EncodeLinks()))
        {
            Put(encoded.Dequeue());
        }

        while (HasRoom() && begun.TryTake(out var session))
        {
            Put(ReportWire.Of(new EdgeReport.SessionBegan(live[session])));
        }

        while (HasRoom() && ended.TryDequeue(out var over))
        {
            Keep(ReportWire.Of(over));
        }

        while (HasRoom() && logs.TryDequeue(out var logged))
        {
            Keep(ReportWire.Of(logged));
        }

        void Keep(Report report)
        {
            Put(report);
            unstored.Add(report);
        }
    }

    private bool EncodeLinks()
    {
        if (!newLinks.TryTake(out var connector))
        {
            return false;
        }

        foreach (var report in encoder.Encode(links.GetValueOrDefault(connector) ?? new EdgeReport.LinksChanged(connector, [])))
        {
            encoded.Enqueue(report);
        }

        return true;
    }
}
