using Connector.Actors.Links;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Google.Protobuf.WellKnownTypes;
using WireLamp = Connector.Protocol.Control.Wire.Lamp;
using WireLampState = Connector.Protocol.Control.Wire.LampState;

namespace Connector.Actors.Control;

/// <summary>Lamps as the control plane is told of them.</summary>
internal static class LampWriter
{
    private const int LongestReason = 512;
    private const int MostNotTaken = 500;

    public static WireLamp Write(Health.Lamp lamp, TimeSpan now)
    {
        var wire = new WireLamp
        {
            State = lamp.State switch
            {
                Health.LampState.On => WireLampState.LampOn,
                Health.LampState.Off => WireLampState.LampOff,
                _ => WireLampState.LampUnknown,
            },
            Since = Timestamp.FromDateTimeOffset(lamp.Since),
            Reason = lamp.Reason.Length > LongestReason ? lamp.Reason[..LongestReason] : lamp.Reason,
        };
        if (lamp.ProvenAt is { } proven)
            wire.AgeMs = AgeMilliseconds(proven, now);
        return wire;
    }

    public static uint AgeMilliseconds(TimeSpan proven, TimeSpan now) => (uint)Math.Clamp((now - proven).TotalMilliseconds, 0, uint.MaxValue);

    /// <param name="served">Sockets of which the edge should have said that it takes them.</param>
    public static EdgePath Write(LinkPath path, IEnumerable<SocketId> served, TimeSpan now)
    {
        var wire = new EdgePath { EdgeId = path.EdgeId.Value, Lamp = Write(path.Lamp!, now) };
        foreach (var socketId in served)
        {
            var answer = path.Answers.GetValueOrDefault(socketId);
            if (answer?.Code == ServeCode.Accepted)
                continue;
            if (wire.NotTaken.Count == MostNotTaken)
            {
                wire.MoreNotTaken = true;
                break;
            }

            wire.NotTaken.Add(new SocketNotTaken { SocketId = socketId.Value, Reason = answer?.Code.ToString() ?? "" });
        }

        return wire;
    }
}
