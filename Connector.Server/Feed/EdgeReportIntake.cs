using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Feed;

/// <summary>
/// Takes what edges of their own report: notes what stands (listeners, links, live sessions), stores what must last (log records, ended sessions). An edge's word
/// counts for itself only: whatever edge a record names, it is kept as of the edge that said it.
/// </summary>
internal sealed partial class EdgeReportIntake(
    EdgeCatalog edges, EdgeObservations observations, SessionIntake sessions, SocketCatalog sockets, ConnectorLogs logs, TimeProvider time,
    ILogger<EdgeReportIntake> logger)
{
    /// <summary>The edge begins to say all that stands.</summary>
    public void BeginTelling(EdgeId edge)
    {
        observations.Of(edge).BeginTelling();
        sessions.Live.BeginTelling(edge);
    }

    /// <summary>It has said all.</summary>
    public void EndTelling(EdgeId edge)
    {
        observations.Of(edge).EndTelling();
        sessions.Live.EndTelling(edge);
    }

    /// <summary>The edge was deleted.</summary>
    public void Forget(EdgeId edge)
    {
        observations.Forget(edge);
        sessions.Live.Forget(edge);
    }

    /// <summary>When it returns, what must last is stored; a batch that was stored before is not stored again.</summary>
    /// <param name="name">Of the edge.</param>
    /// <param name="boot">The edge's process.</param>
    /// <param name="sequence">0: there is nothing in it that must last.</param>
    /// <exception cref="ControlStoreException">The store could not take it now: worth another try.</exception>
    public async Task TakeAsync(EdgeId edge, string name, BootId boot, long sequence, IReadOnlyList<EdgeReport> reports, CancellationToken cancellationToken)
    {
        var observation = observations.Of(edge);
        var records = new List<(ConnectorId Connector, LogRecord Record)>();
        var ended = new List<SessionRow>();
        foreach (var report in reports)
        {
            switch (report)
            {
                case EdgeReport.Listening listening:
                    observation.Note(listening.SocketId, new ListenerState(listening.EndPoint.Port, null));
                    break;
                case EdgeReport.ListenFailed failed:
                    if (observation.Note(failed.SocketId, new ListenerState(failed.Port, failed.Reason)))
                    {
                        await RecordAsync(failed, name, cancellationToken).ConfigureAwait(false);
                    }

                    break;
                case EdgeReport.LinksChanged changed:
                    observation.Note(changed.ConnectorId, changed.Replicas);
                    break;
                case EdgeReport.SessionBegan began:
                    sessions.Began(began.Session with { EdgeId = edge });
                    break;
                case EdgeReport.SessionEnded over:
                    sessions.Live.Remove(over.Session.Id);
                    ended.Add(SessionIntake.RowOf(over with { Session = over.Session with { EdgeId = edge } }));
                    break;
                case EdgeReport.Logged logged:
                    records.Add((logged.ConnectorId, EdgeLogRecord.Of(logged, name)));
                    break;
            }
        }

        if (sequence == 0)
        {
            return;
        }

        try
        {
            var byConnector = records.ToLookup(entry => entry.Connector, entry => entry.Record);
            if (await edges.StoreReportsAsync(edge, boot, sequence, byConnector, ended, cancellationToken).ConfigureAwait(false))
            {
                sessions.CountStored(ended.Count);
            }
        }
        catch (Exception exception) when (exception is not (OperationCanceledException or ControlStoreException))
        {
            // What cannot be stored at all must not stop what is behind it.
            LogUnfit(records.Count + ended.Count, name, exception);
        }
    }

    // Not with the batch: a listener is told anew on each connection, and only what is news is worth a record.
    private async Task RecordAsync(EdgeReport.ListenFailed failed, string name, CancellationToken cancellationToken)
    {
        try
        {
            if (await sockets.FindAsync(failed.SocketId.Value, cancellationToken).ConfigureAwait(false) is { } socket)
            {
                var record = EdgeLogRecord.Of(failed, socket.Name, name, time.GetUtcNow());
                await logs.AppendAsync(socket.Connectors.ToLookup(link => new ConnectorId(link.ConnectorId), _ => record), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (ControlStoreException exception)
        {
            // The API shows the listener's state all the same.
            LogNotRecorded(failed.SocketId, name, exception);
        }
    }

    [LoggerMessage(LogLevel.Error, "{Count} reports of edge {Edge} are unfit to be stored and were dropped")]
    private partial void LogUnfit(int count, string edge, Exception exception);

    [LoggerMessage(LogLevel.Warning, "that edge {Edge} cannot listen for socket {Socket} could not be written to the log of its connectors")]
    private partial void LogNotRecorded(SocketId socket, string edge, Exception exception);
}
