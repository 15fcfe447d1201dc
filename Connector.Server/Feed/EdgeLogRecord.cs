using System.Globalization;
using Connector.Protocol.Json;
using Connector.Server.Store;

namespace Connector.Server.Feed;

/// <summary>Log records from an edge's reports, as one-line JSON objects like those of connectors: <c>msg</c> and the fields beside it.</summary>
internal static class EdgeLogRecord
{
    public const string Source = "edge";

    public static LogRecord Of(EdgeReport.Logged report)
        => new(report.At, report.Severity, Line(report.Message, report.Fields.IsDefault ? [] : report.Fields), report.SocketId, null, Source);

    /// <param name="edge">Name of the edge that says it.</param>
    public static LogRecord Of(EdgeReport.Logged report, string edge)
        => Of(report with { Fields = [.. report.Fields.IsDefault ? [] : report.Fields, new("edge", edge)] });

    public static LogRecord Of(EdgeReport.ListenFailed report, string socketName, string edge, DateTimeOffset now)
        => new(
            now,
            "error",
            Line(
                "the edge cannot listen for the socket; free the port, or give the socket another one (edge.port)",
                [
                    new("socket", socketName),
                    new("port", report.Port.ToString(CultureInfo.InvariantCulture)),
                    new("error", report.Reason),
                    new("edge", edge),
                ]),
            report.SocketId,
            null,
            Source);

    private static string Line(string message, IEnumerable<KeyValuePair<string, string>> fields)
        => CanonicalJson.Write(writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("msg", message);
            foreach (var (name, value) in fields.Where(field => field.Key != "msg").DistinctBy(field => field.Key))
            {
                writer.WriteString(name, value);
            }

            writer.WriteEndObject();
        });
}
