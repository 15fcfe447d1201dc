namespace Connector.Server.Api;

/// <summary>Body of every answer that is not a success.</summary>
internal sealed record ErrorAnswer(int StatusCode, string ErrorMessage);
