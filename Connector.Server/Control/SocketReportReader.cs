using System.Collections.Frozen;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Control;

/// <summary>Reads what a replica reports of its sockets: everything is bounded, text is one line. What is beyond a bound is left out.</summary>
internal static class SocketReportReader
{
    private const int MaxStatuses = 4096;
    private const int MaxIdLength = 256;
    private const int MaxReasonLength = 512;
    private const int MaxPaths = 64;
    private const int MaxNotTaken = 512;
    private const int MaxProofs = 65_536;

    public static SocketReport Read(SocketStatusReport report)
    {
        var replicaId = new ReplicaId(PeerLogRecords.OneLine(report.ReplicaId, MaxIdLength));
        return new SocketReport(
            replicaId,
            [
                .. report.Sockets.Take(MaxStatuses).Where(status => status.SocketId.Length is > 0 and <= MaxIdLength).Select(status => (new ConnectorsProtocol.SocketState(
                    new SocketId(status.SocketId), replicaId, PeerLogRecords.OneLine(status.State, MaxIdLength), Reason(status.Reason), Math.Max(status.LiveStreams, 0),
                    Time(status.Since)) { Upstream = status.Upstream is { } lamp ? Read(lamp) : null }, status.Ref)),
            ],
            [.. report.Paths.Take(MaxPaths).Where(path => path.EdgeId.Length is > 0 and <= MaxIdLength && path.Lamp is not null).Select(Read)],
            report.UpstreamProofs is { } proofs
                ? [.. proofs.Refs.Zip(proofs.AgeMs, (reference, age) => (reference, TimeSpan.FromMilliseconds(age))).Take(MaxProofs)]
                : []);
    }

    private static ReportedPath Read(EdgePath path) => new(
        new EdgeId(PeerLogRecords.OneLine(path.EdgeId, MaxIdLength)),
        Read(path.Lamp),
        path.NotTaken.Take(MaxNotTaken).Where(socket => socket.SocketId.Length is > 0 and <= MaxIdLength).DistinctBy(socket => socket.SocketId)
            .ToFrozenDictionary(socket => new SocketId(socket.SocketId), socket => Reason(socket.Reason)),
        path.MoreNotTaken);

    private static LampReport Read(Lamp lamp) => new(
        lamp.State switch
        {
            LampState.LampOn => LampReport.On,
            LampState.LampOff => LampReport.Off,
            _ => LampReport.Unknown,
        },
        Time(lamp.Since),
        lamp.HasAgeMs ? TimeSpan.FromMilliseconds(Math.Clamp(lamp.AgeMs, 0, uint.MaxValue)) : null,
        Reason(lamp.Reason));

    private static string Reason(string text) => PeerLogRecords.OneLine(text, MaxReasonLength);

    private static DateTimeOffset Time(Timestamp? time)
    {
        try
        {
            return time?.ToDateTimeOffset() ?? DateTimeOffset.UnixEpoch;
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            return DateTimeOffset.UnixEpoch;
        }
    }
}
