using Connector.Relay.Accounting;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;

namespace Connector.Relay.Links;

/// <summary>How often a peer may say what costs us work (rule 14). What a healthy peer needs in its worst moment lies far below each bound.</summary>
/// <param name="clock">The link's; read only for a type that has a bound, since CREDIT and FIN are on the hot path.</param>
internal sealed class LinkRates(Func<TimeSpan> clock)
{
    private readonly Lock gate = new();

    // Each lane that comes or goes brings the whole table again.
    private readonly TokenBucket serve = new(perSecond: 50_000, burst: 100_000);

    // Entries: a question, an answer and a last word for every stream of a link, when its lanes die in turn.
    private readonly TokenBucket resume = new(perSecond: 100_000, burst: 400_000);
    private readonly TokenBucket reset = new(perSecond: 50_000, burst: 100_000);
    private readonly TokenBucket ping = new(perSecond: 100, burst: 400);
    private readonly TokenBucket laneDead = new(perSecond: 100, burst: 1_000);
    private readonly TokenBucket rare = new(perSecond: 10, burst: 100);

    /// <exception cref="LaneProtocolException">It comes too often.</exception>
    public void Take(FrameType type, int count = 1)
    {
        var bucket = type switch
        {
            FrameType.Serve or FrameType.Unserve or FrameType.ServeAck => serve,
            FrameType.Resume => resume,
            FrameType.Reset => reset,
            FrameType.Ping or FrameType.Pong or FrameType.Echo or FrameType.EchoReply => ping,
            FrameType.Ticket or FrameType.TicketAck or FrameType.GoAway or FrameType.GoAwayAck => rare,
            FrameType.LaneDead => laneDead,
            _ => null,
        };
        if (bucket is null)
            return;
        lock (gate)
        {
            if (!bucket.TryTake(clock(), Math.Max(1, count)))
                throw new LaneProtocolException($"{type} comes faster than a link may send it") { Kind = FloodOf(type) };
        }
    }

    private static ProtocolViolation FloodOf(FrameType type) => type switch
    {
        FrameType.Serve or FrameType.Unserve or FrameType.ServeAck => ProtocolViolation.FloodServe,
        FrameType.Resume or FrameType.LaneDead => ProtocolViolation.FloodResume,
        FrameType.Reset => ProtocolViolation.FloodReset,
        _ => ProtocolViolation.FloodPing,
    };
}
