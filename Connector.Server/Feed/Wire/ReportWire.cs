using System.Collections.Frozen;
using System.Net;
using System.Text.Json;
using Connector.Protocol.Control.EdgeWire;
using Connector.Protocol.Ids;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using WireEnd = Connector.Protocol.Control.EdgeWire.SessionEnd;
using WireSession = Connector.Protocol.Control.EdgeWire.Session;

namespace Connector.Server.Feed.Wire;

/// <summary>Reports as they travel. Links are told by <see cref="LinksEncoder"/>, since they depend on what was told before.</summary>
internal static class ReportWire
{
    private const int SessionIdSize = 16;

    private static readonly FrozenDictionary<string, SessionEnder> Enders =
        System.Enum.GetValues<SessionEnder>().ToFrozenDictionary(ender => JsonNamingPolicy.SnakeCaseLower.ConvertName(ender.ToString()));

    public static Report Of(EdgeReport report) => report switch
    {
        EdgeReport.Listening listening => new Report
        {
            Listener = new ListenerReport
            {
                SocketId = listening.SocketId.Value, Port = listening.EndPoint.Port, Address = listening.EndPoint.Address.ToString(),
            },
        },
        EdgeReport.ListenFailed failed => new Report
        {
            Listener = new ListenerReport { SocketId = failed.SocketId.Value, Port = failed.Port, Failure = FeedBounds.Cut(failed.Reason, FeedBounds.MaxText) },
        },
        EdgeReport.SessionBegan began => new Report { Began = Of(began.Session) },
        EdgeReport.SessionEnded ended => new Report { Ended = Of(ended) },
        EdgeReport.Logged logged => new Report { Log = Of(logged) },
        _ => throw new ArgumentException($"a report of the kind {report.GetType().Name} does not travel by itself", nameof(report)),
    };

    /// <summary>
    /// Null when it cannot be read: a newer edge may know kinds that this control plane does not, and one bad report must not keep those behind it from being stored.
    /// </summary>
    /// <param name="problem">Why, in words fit for a log; empty when it was read.</param>
    public static EdgeReport? Of(Report report, EdgeId edge, out string problem)
    {
        problem = "";
        try
        {
            return report.ReportCase switch
            {
                Report.ReportOneofCase.Listener => Of(report.Listener),
                Report.ReportOneofCase.Began => new EdgeReport.SessionBegan(Of(report.Began, edge)),
                Report.ReportOneofCase.Ended => Of(report.Ended, edge),
                Report.ReportOneofCase.Log => Of(report.Log),
                var other => throw new FormatException($"the kind {other} is not known here"),
            };
        }
        catch (Exception exception) when (exception is FormatException or ArgumentException or OverflowException or InvalidOperationException)
        {
            problem = $"a report of the kind {report.ReportCase} cannot be read: {exception.Message}";
            return null;
        }
    }

    private static WireSession Of(SessionRecord session) => new()
    {
        Id = ByteString.CopyFrom(session.Id.ToByteArray(bigEndian: true)),
        SocketId = session.SocketId.Value,
        SocketName = session.SocketName,
        ConnectorId = session.ConnectorId.Value,
        ReplicaId = session.ReplicaId.Value,
        ClientAddress = session.Client.Address.ToString(),
        ClientPort = session.Client.Port,
        StartedAt = session.StartedAt.ToTimestamp(),
    };

    private static WireEnd Of(EdgeReport.SessionEnded report)
    {
        var ending = report.Ending;
        return new WireEnd
        {
            Session = Of(report.Session),
            EndedAt = ending.EndedAt.ToTimestamp(),
            DurationMs = (long)ending.Duration.TotalMilliseconds,
            BytesToClient = ending.BytesToClient,
            BytesFromClient = ending.BytesFromClient,
            EndedBy = JsonNamingPolicy.SnakeCaseLower.ConvertName(ending.EndedBy.ToString()),
            Code = ending.Code,
            Reason = FeedBounds.Cut(ending.Reason, FeedBounds.MaxText),
            Resumes = ending.Resumes,
        };
    }

    private static LogReport Of(EdgeReport.Logged logged)
    {
        var log = new LogReport
        {
            ConnectorId = logged.ConnectorId.Value,
            SocketId = logged.SocketId?.Value ?? "",
            At = logged.At.ToTimestamp(),
            Severity = logged.Severity,
            Message = FeedBounds.Cut(logged.Message, FeedBounds.MaxText),
        };
        log.Fields.AddRange((logged.Fields.IsDefault ? [] : logged.Fields).Take(FeedBounds.MaxFields)
            .Select(field => new LogField { Name = field.Key, Value = FeedBounds.Cut(field.Value, FeedBounds.MaxText) }));
        return log;
    }

    private static EdgeReport Of(ListenerReport listener)
    {
        var socket = new SocketId(Name(listener.SocketId, "socket_id"));
        return listener.Failure.Length > 0
            ? new EdgeReport.ListenFailed(socket, listener.Port, FeedBounds.Cut(listener.Failure, FeedBounds.MaxText))
            : new EdgeReport.Listening(socket, new IPEndPoint(IPAddress.Parse(listener.Address), listener.Port));
    }

    private static SessionRecord Of(WireSession? session, EdgeId edge) => session is null ? throw new FormatException("there is no session in it") : new(
        session.Id.Length == SessionIdSize ? new Guid(session.Id.Span, bigEndian: true) : throw new FormatException($"the session's id has {session.Id.Length} bytes"),
        new SocketId(Name(session.SocketId, "socket_id")),
        FeedBounds.Cut(session.SocketName, FeedBounds.MaxName),
        new ConnectorId(Name(session.ConnectorId, "connector_id")),
        new ReplicaId(Name(session.ReplicaId, "replica_id")),
        edge,
        new IPEndPoint(IPAddress.Parse(session.ClientAddress), session.ClientPort),
        Time(session.StartedAt));

    private static EdgeReport.SessionEnded Of(WireEnd end, EdgeId edge) => new(
        Of(end.Session, edge),
        new SessionEnding(
            Time(end.EndedAt),
            TimeSpan.FromMilliseconds(Math.Max(0, end.DurationMs)),
            end.BytesToClient,
            end.BytesFromClient,
            // A newer edge may know enders that this control plane does not.
            Enders.GetValueOrDefault(end.EndedBy, SessionEnder.Edge),
            FeedBounds.Cut(end.Code, FeedBounds.MaxName),
            FeedBounds.Cut(end.Reason, FeedBounds.MaxText),
            end.Resumes));

    private static EdgeReport.Logged Of(LogReport log) => new(
        new ConnectorId(Name(log.ConnectorId, "connector_id")),
        log.SocketId.Length == 0 ? null : new SocketId(Name(log.SocketId, "socket_id")),
        Time(log.At),
        FeedBounds.Cut(log.Severity, FeedBounds.MaxName),
        FeedBounds.Cut(log.Message, FeedBounds.MaxText),
        [.. log.Fields.Take(FeedBounds.MaxFields).Select(field => new KeyValuePair<string, string>(FeedBounds.Cut(field.Name, FeedBounds.MaxName), FeedBounds.Cut(field.Value, FeedBounds.MaxText)))]);

    private static string Name(string text, string field)
        => text.Length is > 0 and <= FeedBounds.MaxName ? text : throw new FormatException($"{field} has {text.Length} characters, expected 1 to {FeedBounds.MaxName}");

    private static DateTimeOffset Time(Timestamp? time) => time?.ToDateTimeOffset() ?? throw new FormatException("a time is missing");
}
