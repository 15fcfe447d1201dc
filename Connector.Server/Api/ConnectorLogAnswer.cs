using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <param name="Source">Who wrote it: connector or edge.</param>
internal sealed record ConnectorLogAnswer(
    long Id, string ConnectorId, DateTime Timestamp, string Severity, string Message, string? SocketId, string? PluginId, string Source)
{
    public static ConnectorLogAnswer Of(ConnectorLogRow row)
        => new(row.Id, row.ConnectorId, ApiJson.Time(row.At), row.Severity, row.Message, row.SocketId, row.PluginId, row.Source);
}
