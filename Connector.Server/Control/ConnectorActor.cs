using System.Diagnostics.CodeAnalysis;
using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Connector.Server.Store;
using Google.Protobuf;
using Google.Protobuf.WellKnownTypes;
using Grpc.Core;
using Microsoft.Extensions.Logging;
using Status = Akka.Actor.Status;

namespace Connector.Server.Control;

/// <summary>
/// The entity of one connector: decides claims by <see cref="ClaimDecision"/> and who is in its group by <see cref="GroupDecision"/>, pushes desired state to
/// the control session, and keeps what its replicas say of themselves. Store calls are piped back to it, tagged; nothing waits here.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "PostStop disposes what an actor owns.")]
internal sealed partial class ConnectorActor : ReceiveActor, IWithTimers
{
    public static readonly TimeSpan TickInterval = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan IdleLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan ReadRetry = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DefaultHeartbeat = TimeSpan.FromSeconds(10);
    private const int MaxWaitingQueries = 64;

    private readonly ConnectorId connectorId;
    private readonly ControlServices services;
    private readonly LogIntake intake;
    private readonly ConnectorStoreCalls calls;
    private readonly Dictionary<long, ControlStreamProtocol.ClaimSession> claims = [];
    private readonly ReportedSockets sockets;
    private readonly SessionReplicas replicas = new();
    private readonly ReportedPlugins plugins = new();
    private readonly GroupVerdicts verdicts;
    private readonly List<IActorRef> queries = [];
    private readonly CancellationTokenSource stopping = new();
    private ConnectorSessionState state = ConnectorSessionState.Empty;
    private ClaimRules rules;
    private SessionPush? push;
    private DateTimeOffset? lastSeen;
    private DateTimeOffset idleSince;
    private long readAttempt;

    public static Props Props(ConnectorId connectorId, ControlServices services)
        => Akka.Actor.Props.Create(() => new ConnectorActor(connectorId, services));

    public ConnectorActor(ConnectorId connectorId, ControlServices services)
    {
        this.connectorId = connectorId;
        this.services = services;
        rules = new ClaimRules(DefaultHeartbeat, services.Limits.PendingClaims);
        idleSince = Now;
        sockets = new ReportedSockets(services.Time);
        calls = new ConnectorStoreCalls(services.Store, connectorId, services.Limits.StoreDeadline, services.Time, services.Loggers.CreateLogger<ConnectorActor>(), stopping.Token);
        intake = new LogIntake(
            services.Store, connectorId, services.Limits.StoreDeadline, services.Time, services.Loggers.CreateLogger<LogIntake>(),
            // Records of this entity about a session that is over are not worth a fight.
            static _ => { });
        verdicts = new GroupVerdicts(services, calls, Self, this);
        Serving();
    }

    public ITimerScheduler Timers { get; set; } = null!;

    private DateTimeOffset Now => services.Time.GetUtcNow();

    protected override void PreStart() => Timers.StartPeriodicTimer(Tick.Instance, Tick.Instance, TickInterval);

    protected override void PostStop()
    {
        stopping.Cancel();
        verdicts.Stop();
        foreach (var claim in claims.Values)
        {
            claim.Stream.End(StatusCode.Unavailable, "the control plane stopped serving this connector; connect again", null);
        }

        // Writes what is queued, for a bounded time, beside the actor.
        _ = intake.DisposeAsync().AsTask();
        stopping.Dispose();
    }

    private void Serving()
    {
        Receive<ControlStreamProtocol.ClaimSession>(OnClaim);
        Receive<ConnectorStoreCalls.TokenChecked>(OnTokenChecked);
        Receive<ConnectorStoreCalls.EpochResult>(OnEpochResult);
        Receive<ControlStreamProtocol.ChallengeAnswered>(OnChallengeAnswered);
        Receive<ChallengeExpired>(expired => Apply(ClaimDecision.ChallengeExpired(state, expired.Attempt)));
        Receive<ControlStreamProtocol.StreamEnded>(OnStreamEnded);
        Receive<ControlStreamProtocol.StreamOvertaken>(overtaken
            => Apply(ClaimDecision.Overtaken(state, overtaken.StreamId, overtaken.Stored, rules, Now)));
        Receive<ControlStreamProtocol.SocketsReported>(OnSocketsReported);
        Receive<ControlStreamProtocol.PluginsReported>(OnPluginsReported);
        Receive<ControlStreamProtocol.ConfigApplied>(OnConfigApplied);
        ServingGroup();
        Receive<ControlStreamProtocol.EdgesChanged>(_ => OnEdgesChanged());
        Receive<ConnectorsProtocol.DesiredStateChanged>(_ => OnDesiredStateChanged());
        Receive<ConnectorsProtocol.ConnectorDeleted>(_ =>
        {
            verdicts.OnDeleted();
            Apply(ClaimDecision.Deleted(state));
        });
        Receive<ConnectorsProtocol.TokenRevoked>(revoked =>
        {
            verdicts.OnTokenRevoked(revoked.TokenId);
            Apply(ClaimDecision.TokenRevoked(state, revoked.TokenId, rules, Now));
        });
        Receive<ConnectorsProtocol.DiscoverNow>(OnDiscoverNow);
        Receive<ConnectorsProtocol.GetSession>(_ => OnGetSession());
        Receive<ConnectorStoreCalls.DesiredStateRead>(OnDesiredStateRead);
        Receive<ReadDesiredState>(_ => StartRead());
        Receive<ConnectorStoreCalls.EpochRead>(OnEpochRead);
        Receive<RenewTickets>(_ => SendTickets());
        Receive<Tick>(_ => OnTick());
    }

    private void OnClaim(ControlStreamProtocol.ClaimSession claim)
    {
        claims[claim.Claim.StreamId] = claim;
        Apply(ClaimDecision.Claimed(state, claim.Claim, rules));
    }

    private void OnTokenChecked(ConnectorStoreCalls.TokenChecked read)
    {
        if (read.Failure is not null)
        {
            Apply(ClaimDecision.TokenCheckFailed(state, read.StreamId));
            return;
        }

        if (read.Group is { } group)
        {
            verdicts.Learn(group);
            if (claims.TryGetValue(read.StreamId, out var claim) && claim.Claim.GroupBootId is { } id)
            {
                verdicts.OnClaim(id);
            }
        }

        Apply(ClaimDecision.TokenChecked(HeardUntilNow(), read.StreamId, read.Standing, rules, Now));
    }

    private void OnEpochResult(ConnectorStoreCalls.EpochResult result)
    {
        HeardUntilNow();
        if (result.RemovedBy is { } group)
        {
            // Another process of the server has decided; the claim is refused by it.
            verdicts.Learn(group);
        }

        Apply(result switch
        {
            { Raised: { } epoch } => ClaimDecision.EpochRaised(state, result.Attempt, epoch, rules, Now),
            { Stored: { } stored } => ClaimDecision.EpochOvertaken(state, result.Attempt, stored, rules, Now),
            _ => ClaimDecision.EpochFailed(state, result.Attempt, rules, Now),
        });
    }

    private void OnChallengeAnswered(ControlStreamProtocol.ChallengeAnswered answer)
    {
        Handled(answer.StreamId);
        verdicts.OnChallengeAnswered(answer.StreamId, answer.Nonce.AsSpan());
        Apply(ClaimDecision.ChallengeAnswered(state, answer.StreamId, answer.Nonce.AsSpan(), rules, Now));
    }

    private void OnStreamEnded(ControlStreamProtocol.StreamEnded ended)
    {
        HeardUntilNow();
        claims.Remove(ended.StreamId);
        Apply(ClaimDecision.StreamEnded(state, ended.StreamId, ended.Reason, rules, Now));
    }

    private void OnSocketsReported(ControlStreamProtocol.SocketsReported report)
    {
        Handled(report.StreamId);
        if (!IsLive(report.StreamId))
        {
            return;
        }

        sockets.Take(report.Report);
    }

    private void OnPluginsReported(ControlStreamProtocol.PluginsReported report)
    {
        Handled(report.StreamId);
        if (IsLive(report.StreamId))
        {
            plugins.Take(report.Plugins);
        }
    }

    private void OnDiscoverNow(ConnectorsProtocol.DiscoverNow asked)
    {
        if (push is { } current)
        {
            current.Claim.Stream.Send(new ControlStreamResponse { Discover = new Discover { Id = asked.PluginId.Value, RequestId = asked.RequestId } });
        }

        Sender.Tell(new ConnectorsProtocol.DiscoverAsked(push is not null));
    }

    private void OnConfigApplied(ControlStreamProtocol.ConfigApplied message)
    {
        Handled(message.StreamId);
        if (IsLive(message.StreamId))
        {
            replicas.Applied(message.ReplicaId, message.Version);
        }
    }

    private void OnTick()
    {
        HeardUntilNow();
        Apply(ClaimDecision.Tick(state, rules, Now));
        verdicts.Tick();
        if (!state.IsIdle || queries.Count > 0 || claims.Count > 0 || !verdicts.IsIdle)
        {
            idleSince = Now;
        }
        else if (Now - idleSince >= IdleLimit)
        {
            Context.Parent.Tell(new ControlStreamProtocol.Passivate(connectorId));
        }
    }

    // ---- decisions

    private ConnectorSessionState HeardUntilNow()
    {
        if (state.Live is { } live && claims.TryGetValue(live.Claim.StreamId, out var claim))
        {
            state = ClaimDecision.Heard(state, live.Claim.StreamId, claim.Stream.LastHeard);
            lastSeen = state.Live?.LastHeard;
        }

        return state;
    }

    private void Apply(Decision decision)
    {
        var before = state.Live;
        state = decision.State;
        if (before is not null && before.Claim.StreamId != state.Live?.Claim.StreamId)
        {
            LeaveSession();
        }

        foreach (var effect in decision.Effects)
        {
            Carry(effect);
        }

        if (before?.Claim.StreamId != state.Live?.Claim.StreamId)
        {
            verdicts.Wake();
        }
    }

    private void Carry(SessionEffect effect)
    {
        switch (effect)
        {
            case SessionEffect.CheckToken check:
                calls.CheckTokenAsync(check.Claim).PipeTo(Self);
                break;
            case SessionEffect.RaiseEpoch raise:
                calls.RaiseEpochAsync(raise).PipeTo(Self);
                break;
            case SessionEffect.SendChallenge challenge:
                claims[challenge.LiveStreamId].Stream.Send(
                    new ControlStreamResponse { Challenge = new Challenge { Nonce = ByteString.CopyFrom(challenge.Nonce.AsSpan()) } });
                Timers.StartSingleTimer(ChallengeTimer.Instance, new ChallengeExpired(challenge.Attempt), ClaimRules.ChallengeDeadline);
                break;
            case SessionEffect.Accept accept:
                EnterSession(accept.Session);
                break;
            case SessionEffect.End end:
                if (claims.TryGetValue(end.StreamId, out var claim))
                {
                    claim.Stream.End(end.Code, end.Reason, end.RetryAfter);
                }

                break;
            case SessionEffect.Record record:
                Record(record.Severity, record.Message);
                break;
        }
    }

    // ---- the control session

    private void EnterSession(LiveSession session)
    {
        var claim = claims[session.Claim.StreamId];
        lastSeen = session.Since;
        push = new SessionPush(claim, session.Epoch, services.Limits, text => Record("error", text));
        claim.Stream.Accept(session.Epoch);
        if (claim.Features.Contains(ControlFeatures.HelloAck))
        {
            claim.Stream.Send(new ControlStreamResponse
            {
                HelloAck = new HelloAck { Epoch = session.Epoch.Value, ControlPlaneId = services.ControlPlaneId, ServerTime = Timestamp.FromDateTimeOffset(Now) },
            });
        }

        if (claim.Hello is { SentAt: { } sentAt } hello && (sentAt - Now).Duration() > TokenVerifier.Leeway)
        {
            Record("warn", $"the clock of replica {hello.Identity.ReplicaId} is {(sentAt - Now).TotalSeconds:+0;-0} s apart from the control plane's; set it by NTP, or tokens and tickets will be refused");
        }

        StartRead();
    }

    private void LeaveSession()
    {
        push = null;
        // What replicas said of their sockets is shown as long as somebody keeps it up to date.
        sockets.Clear();
        replicas.Clear();
        plugins.Clear();
        Timers.Cancel(TicketTimer.Instance);
        Timers.Cancel(ReadTimer.Instance);
        Timers.Cancel(ChallengeTimer.Instance);
    }

    private void OnDesiredStateChanged()
    {
        if (push is { } current && current.Changed(Now, out var wait))
        {
            ReadAfter(wait);
        }
    }

    // Before Init there is nothing to say again: Init is followed by the edges as they are then.
    private void OnEdgesChanged()
    {
        if (push is { Pushed: not null } current)
        {
            current.SendEdges(services.Edges.Edges);
        }
    }

    private void ReadAfter(TimeSpan wait)
    {
        if (wait > TimeSpan.Zero)
        {
            Timers.StartSingleTimer(ReadTimer.Instance, ReadDesiredState.Instance, wait);
        }
        else
        {
            StartRead();
        }
    }

    private void StartRead()
    {
        if (push is not { } current)
        {
            return;
        }

        current.ReadStarted();
        calls.ReadDesiredStateAsync(++readAttempt).PipeTo(Self);
    }

    private void OnDesiredStateRead(ConnectorStoreCalls.DesiredStateRead read)
    {
        if (push is not { } current || read.Attempt != readAttempt)
        {
            return;
        }

        if (read.Failure is not null)
        {
            Logger.LogReadFailed(connectorId, read.Failure.Message);
            ReadAfter(ReadRetry);
            return;
        }

        if (read.State is not { } wanted)
        {
            Apply(ClaimDecision.Deleted(state));
            return;
        }

        rules = rules with { HeartbeatInterval = DesiredStateMessages.HeartbeatInterval(wanted) };
        var first = current.Pushed is null;
        var again = current.Push(wanted, Now, out var wait);
        if (first)
        {
            SendTickets();
            current.SendEdges(services.Edges.Edges);
        }

        if (again)
        {
            ReadAfter(wait);
        }
    }

    private void SendTickets()
    {
        if (push is not { } current || current.Claim.Hello is not { } hello || !current.Claim.Features.Contains(ControlFeatures.Tickets))
        {
            return;
        }

        var now = Now;
        var expiresAt = ReplicaTickets.ExpiresAt(current.Claim.Claim.TokenExpiresAt, now);
        SendTickets(current.Claim, replicas.All(hello), now, expiresAt);
        Timers.StartSingleTimer(TicketTimer.Instance, RenewTickets.Instance, TimeSpan.FromTicks(Math.Max((expiresAt - now).Ticks / 2, TimeSpan.TicksPerMinute)));
    }

    private void SendTickets(ControlStreamProtocol.ClaimSession claim, IReadOnlyCollection<ClaimIdentity> to, DateTimeOffset now, DateTimeOffset expiresAt)
    {
        if (to.Count > 0)
        {
            claim.Stream.Send(new ControlStreamResponse { Tickets = ReplicaTickets.Issue(services.Issuer, claim, to, now, expiresAt) });
        }
    }

    // ---- what is shown

    private void OnGetSession()
    {
        if (state.Epoch is not null)
        {
            Sender.Tell(Describe());
            return;
        }

        if (queries.Count >= MaxWaitingQueries)
        {
            Sender.Tell(new Status.Failure(new InvalidOperationException($"connector {connectorId}: too many queries wait for the store")));
            return;
        }

        queries.Add(Sender);
        if (queries.Count == 1)
        {
            calls.ReadEpochAsync().PipeTo(Self);
        }
    }

    private void OnEpochRead(ConnectorStoreCalls.EpochRead read)
    {
        // A commit under way knows better.
        if (read.Epoch is { } epoch && state is { Epoch: null, Raising: false })
        {
            state = state with { Epoch = epoch };
        }

        object answer = read.Failure is null ? Describe() : new Status.Failure(read.Failure);
        foreach (var query in queries)
        {
            query.Tell(answer);
        }

        queries.Clear();
    }

    private ConnectorsProtocol.SessionState Describe()
    {
        HeardUntilNow();
        var live = state.Live;
        var known = live is not null && push is { Claim.Hello: { } hello } ? replicas.Describe(live, hello, push) : [];
        return new ConnectorsProtocol.SessionState(
            connectorId, live is null ? "offline" : "online", state.Epoch ?? default, live?.Claim.Identity?.ReplicaId, live?.Since, lastSeen, known,
            sockets.Sockets())
        {
            Silence = live is null ? null : Now - live.LastHeard,
            Reports = sockets.Replicas(),
            Plugins = plugins.All(),
        };
    }

    private ILogger Logger => field ??= services.Loggers.CreateLogger<ConnectorActor>();

    private bool IsLive(long streamId) => state.Live?.Claim.StreamId == streamId;

    private void Handled(long streamId)
    {
        if (claims.TryGetValue(streamId, out var claim))
        {
            claim.Stream.Handled();
        }
    }

    private void Record(string severity, string message)
    {
        Logger.LogRecord(connectorId, message);
        intake.Add(state.Epoch ?? default, new LogRecord(Now, severity, message, null, null, "control-plane"));
    }

    private sealed record ChallengeExpired(long Attempt) : INoSerializationVerificationNeeded;

    private sealed record ReadDesiredState : INoSerializationVerificationNeeded
    {
        public static readonly ReadDesiredState Instance = new();
    }

    private sealed record RenewTickets : INoSerializationVerificationNeeded
    {
        public static readonly RenewTickets Instance = new();
    }

    private sealed record Tick : INoSerializationVerificationNeeded
    {
        public static readonly Tick Instance = new();
    }

    // Timer keys.
    private sealed record ChallengeTimer
    {
        public static readonly ChallengeTimer Instance = new();
    }

    private sealed record ReadTimer
    {
        public static readonly ReadTimer Instance = new();
    }

    private sealed record TicketTimer
    {
        public static readonly TicketTimer Instance = new();
    }
}
