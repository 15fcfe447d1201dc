using Akka.Actor;
using Connector.Actors.Health;
using Connector.Actors.Reach;
using Connector.Protocol.Ids;

namespace Connector.Actors.Sockets.Checks;

/// <summary>What the <see cref="UpstreamCheckActor"/> keeps of one socket.</summary>
internal sealed class UpstreamWatch(SocketId socketId, string name, IActorRef owner, PlainUpstream upstream, UpstreamCheck check, TimeSpan now, DateTimeOffset since)
{
    private const int ListenedChecks = 3;

    private readonly Dictionary<IStreamOffer, Flow> streams = [];
    private int checks;

    public SocketId SocketId => socketId;

    public string Name { get; set; } = name;

    public IActorRef Owner { get; set; } = owner;

    public PlainUpstream Upstream => upstream;

    /// <summary>As configured; <see cref="Kind"/> is what was learned since.</summary>
    public UpstreamCheck Check => check;

    public UpstreamCheckKind Kind { get; set; } = check.Kind;

    public UpstreamEvidence Evidence { get; } = new(check, now);

    public Lamp Lamp { get; private set; } = new(LampState.Unknown, since, null, "not checked yet");

    /// <summary>What was published last; null for nothing.</summary>
    public Lamp? Published { get; set; }

    /// <summary>There was a log record about this lamp.</summary>
    public bool Reported { get; set; }

    /// <summary>Of log records about this lamp.</summary>
    public FailureLogLimit LogLimit { get; } = new(perWindow: 6, TimeSpan.FromMinutes(1));

    /// <summary>One check is outstanding, or waits for its turn.</summary>
    public bool Checking { get; set; }

    public bool HasStreams => streams.Count > 0;

    /// <summary>The first checks give the service time to greet, to learn what it is. All but the very first only while nobody waits for their turn.</summary>
    public bool Listens(bool othersWait)
    {
        if (checks >= ListenedChecks || (checks > 0 && othersWait))
            return false;
        checks++;
        return true;
    }

    public void Began(IStreamOffer stream, TimeSpan dialled) => streams[stream] = new Flow(dialled, stream.BytesFromUpstream);

    public void Ended(IStreamOffer stream) => streams.Remove(stream);

    /// <param name="last">Of the sample before: what has come since may have come right after it.</param>
    public void Sample(TimeSpan last)
    {
        foreach (var (stream, flow) in streams)
        {
            var bytes = stream.BytesFromUpstream;
            if (bytes == flow.Bytes)
                continue;
            flow.Bytes = bytes;
            Evidence.Flowed(flow.Dialled, flow.Dialled > last ? flow.Dialled : last);
        }
    }

    /// <summary>Takes the evidence over into the lamp. True when its state changed.</summary>
    public bool Judge(TimeSpan now, DateTimeOffset wall)
    {
        var (state, reason) = Evidence.Judge(now);
        var changed = state != Lamp.State;
        if (changed || Lamp.ProvenAt != Evidence.ProvenAt || Lamp.Reason != reason)
            Lamp = new Lamp(state, changed ? wall : Lamp.Since, Evidence.ProvenAt, reason);
        return changed;
    }

    private sealed class Flow(TimeSpan dialled, long bytes)
    {
        public TimeSpan Dialled => dialled;

        public long Bytes { get; set; } = bytes;
    }
}
