using System.Diagnostics.Metrics;
using Connector.Protocol.Ids;
using Connector.Server.Edge.Accounting;

namespace Connector.Server.Edge.Opening;

/// <summary>
/// Counts what opening streams takes, on the meter of <see cref="EdgeMetrics"/>. Tagged with the socket, for listeners in the process: the metrics
/// endpoint sums over it.
/// </summary>
internal static class OpenMetrics
{
    private static readonly Counter<long> HedgeCount = EdgeMetrics.Meter.CreateCounter<long>(
        "connector.edge.hedges", "{stream}", "Streams offered to one more replica because the first did not accept in time");
    private static readonly Counter<long> HedgeWinCount = EdgeMetrics.Meter.CreateCounter<long>(
        "connector.edge.hedge_wins", "{stream}", "Streams that such a later replica got");
    private static readonly Counter<long> StaleRetryCount = EdgeMetrics.Meter.CreateCounter<long>(
        "connector.edge.stale_retries", "{stream}", "Streams offered again because a replica had slept");
    private static readonly Counter<long> RefusalCount = EdgeMetrics.Meter.CreateCounter<long>(
        "connector.edge.refusals", "{stream}", "Streams that could not be opened, by reason");

    public static void Hedged(SocketId socket) => HedgeCount.Add(1, Of(socket));

    public static void HedgeWon(SocketId socket) => HedgeWinCount.Add(1, Of(socket));

    public static void StaleRetried(SocketId socket) => StaleRetryCount.Add(1, Of(socket));

    public static void Refused(SocketId socket, string code) => RefusalCount.Add(1, Of(socket), new("code", code));

    private static KeyValuePair<string, object?> Of(SocketId socket) => new("socket", socket.Value);
}
