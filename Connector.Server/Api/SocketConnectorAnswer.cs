namespace Connector.Server.Api;

internal sealed record SocketConnectorAnswer(
    string Id, string ConnectorId, string ConnectorName, string SocketId, DateTime CreatedAt, DateTime UpdatedAt);
