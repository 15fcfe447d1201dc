using System.Net;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Streams;
using Connector.Server.Edge.Admission;
using Connector.Server.Edge.Links;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Accounting;

/// <summary>Accounts of the streams of an edge: one record when a stream begins, one when it has ended, and the metrics of both. Thread-safe.</summary>
internal sealed class SessionAccounting(IEdgeFeed feed, EdgeId edge, LinkTable links, TimeProvider time)
{
    /// <summary>Longer reasons are cut: some come from the other end.</summary>
    public const int MaxReason = 512;

    /// <summary>Accounts of a stream from now until it has ended.</summary>
    /// <param name="run">Runs it; never faults.</param>
    public async Task<StreamOutcome> RunAsync(EdgeSocket socket, AdmittedLink link, IPEndPoint client, Func<Task<StreamOutcome>> run)
    {
        var began = time.GetTimestamp();
        var session = new SessionRecord(
            Guid.CreateVersion7(), socket.Id, socket.Name, link.ConnectorId, link.ReplicaId, edge, client, time.GetUtcNow());
        EdgeMetrics.SessionBegan();
        feed.Report(new EdgeReport.SessionBegan(session));
        var outcome = await run().ConfigureAwait(false);
        var verdict = SessionVerdict.Of(outcome, IsAllowed(socket.Id, link, client.Address));
        var duration = time.GetElapsedTime(began);
        EdgeMetrics.SessionEnded(verdict, duration);
        feed.Report(new EdgeReport.SessionEnded(
            session,
            new SessionEnding(
                time.GetUtcNow(), duration, outcome.BytesIn, outcome.BytesOut, verdict.EndedBy, verdict.Code, Cut(outcome.Reason), outcome.Resumes)));
        return outcome;
    }

    private static string Cut(string reason) => reason.Length <= MaxReason ? reason : string.Concat(reason.AsSpan(0, MaxReason), " (cut)");

    private bool IsAllowed(SocketId socketId, AdmittedLink link, IPAddress client)
    {
        var tables = links.Tables;
        return !link.IsRevoked
            && tables.Find(socketId) is { } socket
            && ClientAdmission.Decide(socket, client) == AdmissionVerdict.Admitted
            && ServeAuthorization.Decide(tables, link.ConnectorId, socketId) == ServeCode.Accepted;
    }
}
