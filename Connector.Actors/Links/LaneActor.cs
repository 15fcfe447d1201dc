using Akka.Actor;
using Connector.Actors.Accounting;
using Connector.Actors.Reach;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;

namespace Connector.Actors.Links;

/// <summary>Keeps one shared lane of a link up: waits for a ticket, dials, attaches, and dials again with backoff when it is lost.</summary>
internal sealed class LaneActor : ReceiveActor, IWithTimers
{
    private const byte ProtocolVersion = 1;

    private readonly LinkDependencies shared;
    private readonly LinkGeneration link;
    private readonly LaneBackoff backoff;
    private LinkSupervisorProtocol.EdgeAddress edge;
    private string? ticket;
    private string? ticketUsed;
    private DialAttempt<Stream>? attempt;
    private long lastAttempt;
    private TimeSpan? quickestDial;
    private long dialBegan;
    private bool newTicketHelps;
    private bool mayHurry;
    private bool stopped;
    private DateTimeOffset upSince;

    public LaneActor(LinkSupervisorProtocol.EdgeAddress edge, LinkGeneration link, string? ticket, LinkDependencies shared)
    {
        this.edge = edge;
        this.link = link;
        this.ticket = ticket;
        this.shared = shared;
        backoff = new LaneBackoff(shared.Settings, shared.Random);
        WaitingForTicket();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(LinkSupervisorProtocol.EdgeAddress edge, LinkGeneration link, string? ticket, LinkDependencies shared)
        => Akka.Actor.Props.Create(() => new LaneActor(edge, link, ticket, shared));

    private void WaitingForTicket()
    {
        Common();
        Receive<LinkSupervisorProtocol.ApplyTicket>(apply =>
        {
            ticket = apply.Ticket;
            Dial();
        });
    }

    private void Dialling()
    {
        Common();
        Receive<LinkSupervisorProtocol.ApplyTicket>(apply => ticket = apply.Ticket);
        Receive<DialEnded>(Ended);
    }

    private void Up()
    {
        Common();
        Receive<LinkSupervisorProtocol.ApplyTicket>(apply => ticket = apply.Ticket);
        Receive<LaneEnded>(ended =>
        {
            if (ended.Attempt != lastAttempt)
                return;
            var lived = shared.Time.GetUtcNow() - upSince;
            backoff.Lived(lived);
            Context.Parent.Tell(new LinkProtocol.LaneDown(link.Number, ended.End));

            // One that worked a moment ago may work again at once; only one that never does is worth a pause.
            var next = NextWait();
            Wait(IsHurried && lived > shared.Settings.HurriedConnectTimeout ? shared.Settings.ShortestWait : next, ticketHelps: false);
        });
    }

    private void Waiting()
    {
        Receive<LinkProtocol.Hurry>(_ =>
        {
            if (mayHurry)
                Timers.StartSingleTimer("redial", new RedialDue(lastAttempt), shared.Settings.ShortestWait);
        });
        Common();
        Receive<LinkSupervisorProtocol.ApplyTicket>(apply =>
        {
            ticket = apply.Ticket;
            if (!newTicketHelps)
                return;
            Timers.CancelAll();
            backoff.Reset();
            Dial();
        });
        Receive<RedialDue>(due =>
        {
            if (due.Attempt == lastAttempt)
                Dial();
        });
    }

    // Nothing but staying as it is: the link goes away or drains.
    private void Idle() => Common();

    protected override void PreStart()
    {
        if (ticket is not null)
            Dial();
    }

    protected override void PostStop() => attempt?.Dispose();

    private void Common()
    {
        Receive<LinkProtocol.ApplyEdge>(apply => edge = apply.Edge);
        Receive<LinkProtocol.Hurry>(_ => { });
        Receive<LinkProtocol.StopDialling>(_ =>
        {
            stopped = true;
            Timers.CancelAll();
            attempt?.Dispose();
            attempt = null;
        });
    }

    /// <summary>Streams wait for a lane of this link.</summary>
    private bool IsHurried => link.Link is { LiveLanes: 0, LiveStreams: > 0 };

    private TimeSpan ConnectTimeout()
    {
        if (!IsHurried)
            return shared.Settings.ConnectTimeout;

        // A path so long that a handshake takes seconds has to have its chance too.
        var enough = 3 * (quickestDial ?? TimeSpan.Zero);
        return enough < shared.Settings.HurriedConnectTimeout ? shared.Settings.HurriedConnectTimeout
            : enough > shared.Settings.ConnectTimeout ? shared.Settings.ConnectTimeout
            : enough;
    }

    private TimeSpan NextWait()
    {
        var wait = backoff.Next();
        return IsHurried && wait > shared.Settings.HurriedWait ? shared.Settings.HurriedWait : wait;
    }

    private void Dial()
    {
        if (stopped)
        {
            Become(Idle);
            return;
        }

        Become(Dialling);
        dialBegan = shared.Time.GetTimestamp();
        var number = link.Link.NextLaneNumber();
        var dial = new DialAttempt<Stream>(++lastAttempt, CancellationToken.None);
        attempt = dial;
        ticketUsed = ticket;
        var hello = new LaneHello(
            ProtocolVersion, ProtocolVersion, link.Link.Id, shared.BootId, number, LaneKind.Shared, shared.ReplicaId, ticket!, []);
        DeliverAsync(shared.Dialer.DialAsync(edge, hello, ConnectTimeout(), dial.Token), dial).PipeTo(
            Self,
            success: outcome => new DialEnded(dial.Number, number, outcome),
            failure: e => new DialEnded(dial.Number, number, new LaneDialOutcome.Failed(e.Message)));
    }

    // The connection goes to the attempt: were it in the message only, it would be lost with this actor's mailbox.
    private static async Task<LaneDialOutcome> DeliverAsync(Task<LaneDialOutcome> dial, DialAttempt<Stream> attempt)
    {
        var outcome = await dial.ConfigureAwait(false);
        if (outcome is LaneDialOutcome.Connected connected)
            attempt.Deliver(connected.Stream);
        return outcome;
    }

    private void Ended(DialEnded ended)
    {
        if (attempt is null || ended.Attempt != attempt.Number)
            return;

        var stream = attempt.Take();
        attempt = null;
        ReplicaMetrics.LaneDialEnded(ended.Outcome);
        switch (ended.Outcome)
        {
            case LaneDialOutcome.Connected connected when stream is not null:
                Attach(ended, connected.Welcome, stream);
                break;
            case LaneDialOutcome.Rejected rejected:
                Rejected(rejected);
                break;
            case LaneDialOutcome.Failed failed:
                NotUp(failed.Reason, NextWait(), ticketHelps: false);
                break;
            default:
                NotUp("the dial was cancelled", NextWait(), ticketHelps: false);
                break;
        }
    }

    private void Attach(DialEnded ended, LaneWelcome welcome, Stream stream)
    {
        if (welcome.EdgeId != edge.EdgeId)
        {
            stream.Dispose();
            NotUp($"edge {welcome.EdgeId} answered at the address of edge {edge.EdgeId}; check the edges' advertised addresses", backoff.Next(), ticketHelps: false);
            return;
        }

        if (!link.TryConfirm(welcome))
        {
            stream.Dispose();
            Become(Idle);
            Context.Parent.Tell(new LinkProtocol.LinkBurnt(link.Number, "the edge has forgotten the link, it restarted or gave the link up; a new one is made"));
            return;
        }

        Task<LaneEnd> end;
        try
        {
            end = link.Link.Attach(ended.LaneNumber, LaneKind.Shared, stream);
        }
        catch (InvalidOperationException e)
        {
            // The link has ended meanwhile and disposed the stream; its actor stops this one.
            NotUp(e.Message, NextWait(), ticketHelps: false);
            return;
        }

        Become(Up);
        var took = shared.Time.GetElapsedTime(dialBegan);
        quickestDial = quickestDial < took ? quickestDial : took;
        upSince = shared.Time.GetUtcNow();
        var number = ended.Attempt;
        Context.Parent.Tell(new LinkProtocol.LaneUp(link.Number, welcome));
        end.PipeTo(
            Self,
            success: e => new LaneEnded(number, e),
            failure: e => new LaneEnded(number, new LaneEnd(ended.LaneNumber, LaneEndKind.Local, e.Message)));
    }

    private void Rejected(LaneDialOutcome.Rejected rejected)
    {
        var retry = LaneRetry.After(rejected.Code, rejected.RetryAfter, shared.Settings);
        var reason = $"refused by the edge ({rejected.Code}): {rejected.Text}; {retry.Advice}";
        if (retry.NewLink)
        {
            Become(Idle);
            Context.Parent.Tell(new LinkProtocol.LinkBurnt(link.Number, reason));
            return;
        }

        // The edge named the wait.
        NotUp(reason, retry.Wait ?? NextWait(), retry.NewTicketHelps, hurry: retry.Wait is null);
    }

    private void NotUp(string reason, TimeSpan wait, bool ticketHelps, bool hurry = true)
    {
        // A newer ticket came while the old one was being refused.
        if (ticketHelps && ticketUsed != ticket)
            wait = shared.Settings.ShortestWait;
        Context.Parent.Tell(new LinkProtocol.LaneNotUp(link.Number, reason, wait));
        Wait(wait, ticketHelps, hurry);
    }

    private void Wait(TimeSpan wait, bool ticketHelps, bool hurry = true)
    {
        if (stopped)
        {
            Become(Idle);
            return;
        }

        newTicketHelps = ticketHelps;
        mayHurry = hurry && wait > shared.Settings.ShortestWait;
        Become(Waiting);
        Timers.StartSingleTimer("redial", new RedialDue(lastAttempt), wait);
    }

    private sealed record DialEnded(long Attempt, int LaneNumber, LaneDialOutcome Outcome) : INoSerializationVerificationNeeded;

    private sealed record LaneEnded(long Attempt, LaneEnd End) : INoSerializationVerificationNeeded;

    private sealed record RedialDue(long Attempt);
}
