namespace Connector.Server.Api;

/// <param name="RequestId">Of the scan that was asked for.</param>
internal sealed record DiscoverAnswer(string RequestId);
