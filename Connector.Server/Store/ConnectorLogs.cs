using System.Collections.Concurrent;
using Connector.Protocol.Ids;
using Connector.Server.Store.Database;
using Microsoft.EntityFrameworkCore;

namespace Connector.Server.Store;

/// <summary>Log records of connectors: the newest of each are kept, the rest is deleted in batches.</summary>
internal sealed class ConnectorLogs(ControlDatabase database, ControlPlaneOptions options)
{
    /// <summary>Longer messages are cut here and say so.</summary>
    public const int MaxMessageLength = 16 * 1024;

    private const int DeleteBatch = 5_000;

    // Records appended since the last trim. Missing after a start, so that the first append of a connector trims.
    private readonly ConcurrentDictionary<string, int> sinceTrim = new();

    /// <summary>Records of the edge or of the server itself: no control session is involved. Those of connectors that are gone are dropped.</summary>
    public Task AppendAsync(ILookup<ConnectorId, LogRecord> records, CancellationToken cancellationToken)
        => database.WriteAsync(
            "storing log records",
            db =>
            {
                var ids = records.Select(group => group.Key.Value).ToList();
                foreach (var id in db.Connectors.Where(connector => ids.Contains(connector.Id)).Select(connector => connector.Id).ToList())
                {
                    Append(db, id, records[new ConnectorId(id)].ToList());
                }
            },
            cancellationToken);

    /// <summary>To be called within a write.</summary>
    public void Append(ControlDbContext db, string connectorId, IReadOnlyCollection<LogRecord> records)
    {
        foreach (var record in records)
        {
            db.ConnectorLogs.Add(new ConnectorLogRow
            {
                ConnectorId = connectorId,
                At = record.At.ToUnixTimeMilliseconds(),
                Severity = Severity(record.Severity),
                Message = Bound(record.Message.TrimEnd('\r', '\n')),
                SocketId = record.SocketId?.Value,
                PluginId = record.PluginId?.Value,
                Source = record.Source,
            });
        }

        db.SaveChanges();
        var appended = sinceTrim.TryGetValue(connectorId, out var count) ? count + records.Count : int.MaxValue;
        if (appended < Math.Max(1, options.LogsKeptPerConnector / 20))
        {
            sinceTrim[connectorId] = appended;
            return;
        }

        Trim(db, connectorId);
        sinceTrim[connectorId] = 0;
    }

    public void Forget(ConnectorId connectorId) => sinceTrim.TryRemove(connectorId.Value, out _);

    /// <summary>Newest first.</summary>
    public Task<Page<ConnectorLogRow>> ReadAsync(
        ConnectorId connectorId, string? severity, string? socketId, string? pluginId, PageRequest page, CancellationToken cancellationToken)
        => database.ReadAsync(
            "reading log records",
            db =>
            {
                var logs = db.ConnectorLogs.Where(log => log.ConnectorId == connectorId.Value);
                logs = severity is null ? logs : logs.Where(log => log.Severity == severity);
                logs = socketId is null ? logs : logs.Where(log => log.SocketId == socketId);
                logs = pluginId is null ? logs : logs.Where(log => log.PluginId == pluginId);
                return page.Of(logs.OrderByDescending(log => log.Id));
            },
            cancellationToken);

    /// <summary>Old clients also send the levels of their logging library.</summary>
    private static string Severity(string severity) => severity switch
    {
        "debug" or "info" or "warn" or "error" => severity,
        "dpanic" or "panic" or "fatal" => "error",
        _ => "info",
    };

    private static string Bound(string message)
        => message.Length <= MaxMessageLength ? message : string.Concat(message.AsSpan(0, MaxMessageLength), " (cut)");

    private void Trim(ControlDbContext db, string connectorId)
    {
        var logs = db.ConnectorLogs.Where(log => log.ConnectorId == connectorId);
        var lastToGo = logs.OrderByDescending(log => log.Id).Select(log => log.Id).Skip(options.LogsKeptPerConnector).FirstOrDefault();
        if (lastToGo == 0)
        {
            return;
        }

        while (logs.Where(log => log.Id <= lastToGo).OrderBy(log => log.Id).Take(DeleteBatch).ExecuteDelete() > 0)
        {
        }
    }
}
