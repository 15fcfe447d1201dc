using Connector.Protocol.Ids;
using Microsoft.Extensions.Logging;

namespace Connector.Server.Control;

/// <summary>What the entity says in the server's own log.</summary>
internal static partial class ConnectorLogMessages
{
    [LoggerMessage(Level = LogLevel.Information, Message = "Connector {ConnectorId}: {Text}")]
    public static partial void LogRecord(this ILogger logger, ConnectorId connectorId, string text);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: checking a token in the store failed, so its claim was refused for now: {Reason}")]
    public static partial void LogTokenCheckFailed(this ILogger logger, ConnectorId connectorId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: committing an epoch failed, so its claim was refused for now: {Reason}")]
    public static partial void LogEpochFailed(this ILogger logger, ConnectorId connectorId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: checking a question about its group in the store failed, so it was not answered: {Reason}")]
    public static partial void LogQuestionFailed(this ILogger logger, ConnectorId connectorId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: storing what is decided about its group failed: {Reason}")]
    public static partial void LogGroupFailed(this ILogger logger, ConnectorId connectorId, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Connector {ConnectorId}: reading its desired state failed and is tried again: {Reason}")]
    public static partial void LogReadFailed(this ILogger logger, ConnectorId connectorId, string reason);
}
