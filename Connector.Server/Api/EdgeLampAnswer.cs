namespace Connector.Server.Api;

/// <summary>A replica's path lamp on one edge.</summary>
internal sealed record EdgeLampAnswer(string Edge, string State, DateTime? Since, double? AgeSeconds, string? Reason)
{
    public static EdgeLampAnswer Of(EdgeView edge, LampAnswer lamp) => new(edge.Id.Value, lamp.State, lamp.Since, lamp.AgeSeconds, lamp.Reason);
}
