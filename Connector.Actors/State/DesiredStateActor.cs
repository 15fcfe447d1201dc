using System.Collections.Immutable;
using Akka.Actor;
using Akka.Event;
using Connector.Actors.Control;
using Connector.Actors.Discovery;
using Connector.Actors.Links;
using Connector.Actors.Sockets;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.State.Stored;
using static Connector.Actors.State.DesiredStateProtocol;
using static Connector.Actors.State.StateFileProtocol;

namespace Connector.Actors.State;

/// <summary>
/// Holds what the control plane pushed last and hands it on in order. What is pushed is applied at once and written to the journal after that:
/// a disk that fails costs the next start its newest state, never a user a stream.
/// </summary>
internal sealed class DesiredStateActor : ReceiveActor
{
    public static Props Props(DesiredStatePeers peers, ReplicaIdentity identity, JournalLimits limits, TimeProvider time)
        => Akka.Actor.Props.Create(() => new DesiredStateActor(peers, identity, limits, time));

    public const string JournalName = "state";

    // Beyond these the next entry of the journal is the whole.
    private const int MostPending = 256;
    private const long MostPendingBytes = 1024 * 1024;

    private const int LargestEdges = 256 * 1024;
    private const int MostWaiting = 64;

    private readonly ILoggingAdapter log = Context.GetLogger();
    private readonly DesiredStatePeers peers;
    private readonly ReplicaIdentity identity;
    private readonly TimeProvider time;
    private readonly HashSet<string> announcedRejections = [];
    private readonly JournalWriter writer;
    private readonly List<StateChange> pending = [];
    private readonly List<IActorRef> waiting = [];
    private readonly List<IActorRef> stoppers = [];
    private long pendingBytes;
    private HeldState held = HeldState.Nothing;
    private IActorRef? discovery;

    // What an earlier start held is here, or nobody waits for it any more.
    private bool known;
    private bool restored;
    private bool tooLarge;

    public DesiredStateActor(DesiredStatePeers peers, ReplicaIdentity identity, JournalLimits limits, TimeProvider time)
    {
        this.peers = peers;
        this.identity = identity;
        this.time = time;
        writer = new JournalWriter(limits);
        known = peers.StateFile.IsNobody();
        Holding();
    }

    private DesiredState Configuration => held.Configuration ?? DesiredState.Empty;

    private void Holding()
    {
        Receive<ApplyInit>(m =>
        {
            ForgetRejections();
            Adopt(Configuration.Apply(m.Init), new StateChange { Configuration = m.Init });
            Sender.Tell(new DesiredStateApplied(m.Attempt, Configuration.Version));
        });
        Receive<ApplyUpdate>(m =>
        {
            ForgetRejection(m.Update.SocketConfig?.Id);
            Adopt(Configuration.Apply(m.Update), new StateChange { Update = m.Update });
            Sender.Tell(new DesiredStateApplied(m.Attempt, Configuration.Version));
        });
        Receive<HoldEdges>(m =>
        {
            peers.Links.Tell(EdgesReader.Read(m.Edges));
            if (m.Edges.Equals(held.Edges) || m.Edges.CalculateSize() > LargestEdges)
                return;
            held = held with { Edges = m.Edges };
            Keep(new StateChange { Edges = m.Edges });
        });
        Receive<HoldTicket>(m =>
        {
            peers.Links.Tell(new LinkSupervisorProtocol.ApplyTicket(m.Ticket.Reveal()));
            if (m.Ticket == held.Ticket || m.Ticket.Reveal().Length > TicketCheck.Longest)
                return;
            held = held with { Ticket = m.Ticket };
            Keep(new StateChange { Ticket = Stored(m.Ticket) });
        });
        Receive<GetDesiredState>(_ =>
        {
            if (known || waiting.Count == MostWaiting)
                Sender.Tell(State());
            else
                waiting.Add(Sender);
        });
        Receive<DiscoveryProtocol.WatchPlugins>(_ =>
        {
            discovery = Sender;
            if (held.Configuration is not null)
                discovery.Tell(new DiscoveryProtocol.PluginsWanted([.. Configuration.Plugins.Values]));
        });
        Keeping();
    }

    private DesiredStateState State() => new(Configuration.Version, Configuration.Sockets.Count, [.. Configuration.Plugins.Values]);

    private void Adopt(DesiredStateChange change, StateChange entry)
    {
        var previous = held.Configuration;
        held = held with { Configuration = change.State };
        Announce(previous ?? DesiredState.Empty);
        foreach (var item in change.Rejected)
            Announce(item);

        // A journal that begins with a change would make no sense.
        if (previous is null && entry.ChangeCase == StateChange.ChangeOneofCase.Update)
            writer.RequireWhole();

        // Each control session begins with the whole, which mostly is what we have.
        if (previous is null || !previous.SameAs(change.State))
            Keep(entry);
    }

    private void Announce(DesiredState previous)
    {
        var state = Configuration;
        peers.Sockets.Tell(new SocketSupervisorProtocol.ApplySockets(state.Version, [.. state.Sockets.Values]));
        AnnouncePlugins(previous.Plugins);
        Publish(new DesiredStateChanged(state.Version, state.Sockets.Count, state.Plugins.Count));
    }

    // ---- the journal

    private void Keeping()
    {
        Receive<JournalOpened>(OnOpened);
        Receive<JournalLost>(_ =>
        {
            writer.Lost();
            pending.Clear();
            Known();
            writer.AnswerFlush(nothingLeft: true);
        });
        Receive<JournalProtocol.Written>(_ =>
        {
            if (writer.Written(Sender))
                Write();
        });
        Receive<FlushJournal>(_ =>
        {
            writer.Flush(Sender);
            Write();
        });
        Receive<StopPersisting>(_ =>
        {
            if (peers.StateFile.IsNobody())
            {
                Sender.Tell(PersistingStopped.Instance);
                return;
            }

            stoppers.Add(Sender);
            peers.StateFile.Tell(CloseStateFile.Instance);
        });
        Receive<StateFileClosed>(_ =>
        {
            foreach (var stopper in stoppers)
                stopper.Tell(PersistingStopped.Instance);
            stoppers.Clear();
        });
    }

    private void OnOpened(JournalOpened m)
    {
        writer.Opened(m);
        if (restored)
        {
            writer.RequireWhole();
        }
        else if (HeldState.TryRestore(m.Snapshot, m.Entries, out var older, out var reason))
        {
            restored = true;
            Restore(older);
        }
        else
        {
            writer.Lost();
            peers.StateFile.Tell(new JournalSenseless(JournalName, reason));
            return;
        }

        Known();
        Write();
    }

    private void Restore(HeldState older)
    {
        if (older.Ticket is { } ticket && TicketCheck.WhyUseless(ticket, identity, time.GetUtcNow()) is { } why)
        {
            log.Info("the ticket that an earlier start left is not used: {Reason}; the control plane gives another", why);
            older = older with { Ticket = null };
            writer.RequireWhole();
        }

        // What was pushed in the meantime is not in the journal.
        var before = held;
        held = before.Or(older);
        if (!before.IsNothing)
            writer.RequireWhole();

        if (before.Configuration is null && held.Configuration is { } configuration)
        {
            log.Info("serving configuration {Version} with {Sockets} sockets, as an earlier start left it", configuration.Version, configuration.Sockets.Count);
            Announce(DesiredState.Empty);
        }

        if (before.Ticket is null && held.Ticket is { } usable)
            peers.Links.Tell(new LinkSupervisorProtocol.ApplyTicket(usable.Reveal()));
        if (before.Edges is null && held.Edges is { } edges)
            peers.Links.Tell(EdgesReader.Read(edges));
    }

    private void Known()
    {
        known = true;
        foreach (var asker in waiting)
            asker.Tell(State());
        waiting.Clear();
    }

    private void Keep(StateChange change)
    {
        if (peers.StateFile.IsNobody())
            return;
        pending.Add(change);
        pendingBytes += change.CalculateSize();
        if (pending.Count > MostPending || pendingBytes > MostPendingBytes)
        {
            writer.RequireWhole();
            ForgetPending();
        }

        Write();
    }

    private void Write()
    {
        if (writer.CanWrite && (pending.Count > 0 || writer.IsWholeDue))
        {
            var entry = new StateChanges { Changes = { pending } };
            ForgetPending();
            var fits = writer.Write(entry, held.ToSnapshot);
            if (!fits && !tooLarge)
                log.Error("the desired state is too large to be kept on disk; a start without the control plane would begin with an older one. Use fewer or smaller sockets");
            tooLarge = !fits;
        }

        writer.AnswerFlush(pending.Count == 0 && (tooLarge || !writer.IsWholeDue));
    }

    private void ForgetPending()
    {
        pending.Clear();
        pendingBytes = 0;
    }

    private static Protocol.State.Stored.HeldTicket Stored(Secret ticket) => new() { Value = ticket.Reveal() };

    // ---- what others are told

    private void AnnouncePlugins(ImmutableSortedDictionary<string, PluginDefinition> previous)
    {
        // Those that were rejected are known to nobody else.
        foreach (var plugin in previous.Values.Where(p => !Configuration.Plugins.ContainsKey(p.Id.Value)))
            Publish(new PluginStatusChanged(plugin.Id, "gone", "deleted"));
        discovery?.Tell(new DiscoveryProtocol.PluginsWanted([.. Configuration.Plugins.Values]));
    }

    private void Announce(RejectedItem item)
    {
        log.Warning(
            "{Kind} {Id} ({Name}) of configuration {Version} was left out: {Reason}; correct it at the control plane{Kept}",
            item.Kind, item.Id, item.Name, Configuration.Version, item.Reason, item.KeptPrevious ? "; its previous configuration stays in force" : "");
        if (item.Id.Length == 0 || item.KeptPrevious)
            return;

        var id = item.Id.Length > 128 ? item.Id[..128] : item.Id.ToLowerInvariant();
        if (item.Kind == "plugin")
        {
            Publish(new PluginStatusChanged(new PluginId(id), "failed", item.Reason));
        }
        else if (announcedRejections.Add(id))
        {
            Publish(new SocketSupervisorProtocol.SocketStatusChanged(
                new SocketId(id), item.Name, "failed", item.Reason, Configuration.Version.Number, 0, time.GetUtcNow()));
        }
    }

    // SocketSupervisor never heard of a rejected socket, so its end is announced here too.
    private void ForgetRejections()
    {
        foreach (var id in announcedRejections.ToArray())
            ForgetRejection(id);
    }

    private void ForgetRejection(string? id)
    {
        if (id is null || !announcedRejections.Remove(id.ToLowerInvariant()))
            return;
        Publish(new SocketSupervisorProtocol.SocketStatusChanged(
            new SocketId(id.ToLowerInvariant()), "", "gone", "", Configuration.Version.Number, 0, time.GetUtcNow()));
    }

    private static void Publish(object status) => Context.System.EventStream.Publish(status);

    // ---- lifecycle

    // Who runs plugins does not notice that this actor was restarted.
    protected override void PreRestart(Exception reason, object message)
    {
        if (discovery is not null)
            Self.Tell(DiscoveryProtocol.WatchPlugins.Instance, discovery);
        base.PreRestart(reason, message);
    }

    protected override void PreStart()
    {
        if (!peers.StateFile.IsNobody())
            peers.StateFile.Tell(new OpenJournal(JournalName));
    }
}
