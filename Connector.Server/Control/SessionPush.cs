using System.Collections.Immutable;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Store;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>
/// What one control session was told of the desired state, and when it may be told more. Changes during a read are conflated into one further read; a peer
/// without our features handles messages in no order and gets a gap behind each push.
/// </summary>
internal sealed class SessionPush
{
    private readonly ControlLimits limits;
    private readonly DesiredStateMessages messages;
    private readonly TimeSpan gap;
    private DateTimeOffset notBefore = DateTimeOffset.MinValue;
    private DesiredStateVersion announced = DesiredStateVersion.None;
    private bool reading;
    private bool changed;

    /// <param name="record">Takes an error text for the connector's log.</param>
    public SessionPush(ControlStreamProtocol.ClaimSession claim, SessionEpoch epoch, ControlLimits limits, Action<string> record)
    {
        Claim = claim;
        Epoch = epoch;
        this.limits = limits;
        Record = record;
        messages = new DesiredStateMessages(claim.Features.Contains(ControlFeatures.ConfigVersion), record);
        gap = claim.Features.Contains(ControlFeatures.Hello) ? TimeSpan.Zero : limits.PushGap;
    }

    public ControlStreamProtocol.ClaimSession Claim { get; }

    public SessionEpoch Epoch { get; }

    /// <summary>Null until Init went out.</summary>
    public ConnectorDesiredState? Pushed { get; private set; }

    private Action<string> Record { get; }

    /// <summary>What a replica has that said it applied this version. A change that means nothing to replicas (who may connect, for example) is not sent,
    /// so who has applied the last version that was sent has applied all.</summary>
    public DesiredStateVersion Reached(DesiredStateVersion applied) => Pushed is { } pushed && applied == announced ? pushed.Version : applied;

    /// <summary>The desired state changed. True: read it, after the given time.</summary>
    public bool Changed(DateTimeOffset now, out TimeSpan wait)
    {
        wait = Wait(now);
        if (reading)
        {
            changed = true;
            return false;
        }

        reading = true;
        return true;
    }

    public void ReadStarted()
    {
        // What changed before the read began is in it.
        reading = true;
        changed = false;
    }

    /// <summary>Sends what is wanted and not yet pushed. True: it changed meanwhile, read it again after the given time.</summary>
    public bool Push(ConnectorDesiredState wanted, DateTimeOffset now, out TimeSpan wait)
    {
        var sent = Pushed is { } pushed ? messages.Updates(ConfigDifference.Between(pushed, wanted), wanted) : [messages.Init(wanted)];
        Pushed = wanted;
        foreach (var message in sent)
        {
            Send(message);
        }

        if (sent.Any(message => message.RequestTypeCase is ControlStreamResponse.RequestTypeOneofCase.Init or ControlStreamResponse.RequestTypeOneofCase.UpdateConfig))
        {
            announced = wanted.Version;
        }

        if (!sent.IsEmpty)
        {
            notBefore = now + gap;
        }

        wait = Wait(now);
        reading = changed;
        return changed;
    }

    public void SendEdges(ImmutableArray<EdgeEntry> edges)
    {
        if (edges.IsDefault || !Claim.Features.Contains(ControlFeatures.Edges))
        {
            return;
        }

        Claim.Stream.Send(new ControlStreamResponse { Edges = EdgeMessages.Of(edges) });
    }

    private TimeSpan Wait(DateTimeOffset now) => notBefore > now ? notBefore - now : TimeSpan.Zero;

    private void Send(ControlStreamResponse message)
    {
        var size = message.CalculateSize();
        if (size <= limits.MaxMessageSize)
        {
            Claim.Stream.Send(message);
            return;
        }

        var what = message.RequestTypeCase == ControlStreamResponse.RequestTypeOneofCase.Init ? "the connector's whole configuration" : "one item's configuration";
        var reason = $"{what} is {size} bytes long, a client takes {limits.MaxMessageSize} at most; remove or shrink sockets or plugins";
        Record(reason);
        Claim.Stream.End(StatusCode.FailedPrecondition, reason, TimeSpan.FromSeconds(30));
    }
}
