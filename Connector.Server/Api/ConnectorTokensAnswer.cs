namespace Connector.Server.Api;

internal sealed record ConnectorTokensAnswer(IReadOnlyList<ConnectorTokenAnswer> List, ConnectorAnswer Connector);
