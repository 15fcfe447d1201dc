using Connector.Server.Store.Database;

namespace Connector.Server.Api;

/// <param name="Token">Only in the answer to its making; it is kept nowhere.</param>
internal sealed record ConnectorTokenAnswer(
    string Id, string ConnectorId, string ConnectorName, string Name, string? Token, DateTime? ExpiresAt, string CreatedBy, DateTime CreatedAt)
{
    public static ConnectorTokenAnswer Of(ConnectorTokenRow row, string connectorName, string? token = null)
        => new(row.Id, row.ConnectorId, connectorName, row.Name, token, ApiJson.Time(row.ExpiresAt), row.CreatedBy, ApiJson.Time(row.CreatedAt));
}
