namespace Connector.Server.Api;

/// <summary>An empty object, for clients that read every answer as JSON.</summary>
internal sealed record EmptyAnswer
{
    public static readonly EmptyAnswer Instance = new();
}
