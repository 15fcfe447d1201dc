using System.Diagnostics.Metrics;
using Connector.Protocol.Ids;

namespace Connector.Server.Edge.Opening;

/// <summary>Counts what opening streams takes. One instrument each per process, tagged with the socket.</summary>
internal static class OpenMetrics
{
    public const string MeterName = "Connector.Server.Edge";

    private static readonly Meter Meter = new(MeterName);
    private static readonly Counter<long> HedgeCount = Meter.CreateCounter<long>(
        "connector.edge.hedges", "{stream}", "Streams offered to one more replica because the first did not accept in time");
    private static readonly Counter<long> HedgeWinCount = Meter.CreateCounter<long>(
        "connector.edge.hedge_wins", "{stream}", "Streams that such a later replica got");
    private static readonly Counter<long> StaleRetryCount = Meter.CreateCounter<long>(
        "connector.edge.stale_retries", "{stream}", "Streams offered again because a replica had slept");
    private static readonly Counter<long> RefusalCount = Meter.CreateCounter<long>(
        "connector.edge.refusals", "{stream}", "Streams that could not be opened, by reason");

    public static void Hedged(SocketId socket) => HedgeCount.Add(1, Of(socket));

    public static void HedgeWon(SocketId socket) => HedgeWinCount.Add(1, Of(socket));

    public static void StaleRetried(SocketId socket) => StaleRetryCount.Add(1, Of(socket));

    public static void Refused(SocketId socket, string code) => RefusalCount.Add(1, Of(socket), new("code", code));

    private static KeyValuePair<string, object?> Of(SocketId socket) => new("socket", socket.Value);
}
