using System.Collections.Frozen;
using System.Collections.Immutable;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;
using Connector.Relay.Lanes;
using Connector.Relay.Links;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Links;

/// <summary>
/// All links of this edge, and the tables they are judged by. Thread-safe. New tables are set and links are registered under one lock: a
/// link is judged by the tables that are in force when it is registered, and by every later one.
/// </summary>
internal sealed class LinkTable(
    EdgeLimits limits, TimeProvider time, Func<LaneHello, KeyThumbprint, IEdgeLinkOwner, IRelayLink> create)
{
    private readonly Lock gate = new();
    private readonly Dictionary<LinkId, AdmittedLink> links = [];
    private static readonly TimeSpan RetryWhenUnknown = TimeSpan.FromSeconds(0.5);

    private volatile EdgeTables tables = EdgeTables.Nothing;
    private volatile FrozenDictionary<ConnectorId, ImmutableArray<AdmittedLink>> byConnector =
        FrozenDictionary<ConnectorId, ImmutableArray<AdmittedLink>>.Empty;

    private bool closed;

    public LinkChanges Changes { get; } = new();

    /// <summary>Which replica could not open streams of which socket lately.</summary>
    public FailureMemory Failures { get; } = new(time);

    public EdgeTables Tables => tables;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return links.Count;
            }
        }
    }

    /// <summary>Lanes of all links.</summary>
    public int Lanes
    {
        get
        {
            lock (gate)
            {
                return links.Values.Sum(link => link.Link.LiveLanes);
            }
        }
    }

    /// <summary>Judges a lane and books its place. The caller says with <see cref="LaneSettled"/> how it went on.</summary>
    /// <param name="thumbprint">Of the certificate that the replica showed on this lane.</param>
    public LaneEntry Admit(LaneHello hello, KeyThumbprint thumbprint)
    {
        if (LaneAdmission.CheckHello(hello) is { } wrong)
        {
            return new(null, false, wrong);
        }

        while (true)
        {
            // The signature is checked outside the lock; if the keys change meanwhile it is checked again.
            var known = tables;
            if (known == EdgeTables.Nothing)
            {
                // Just started: not the ticket's fault, and what is on the disk or with the control plane will be here soon.
                return new(null, false, new(RejectCode.Busy, "this edge does not know its sockets yet", RetryWhenUnknown));
            }

            var verifier = known.Verifier;
            var (claims, reason) = verifier.Verify(hello.Ticket);
            if (claims is null)
            {
                return new(null, false, new(RejectCode.Ticket, reason));
            }

            AdmittedLink[] superseded;
            LaneEntry entry;
            lock (gate)
            {
                if (tables.Verifier != verifier)
                {
                    continue;
                }

                if (TicketCheck.Decide(claims, thumbprint, hello.ReplicaId, tables, time.GetUtcNow()) is { } refusal)
                {
                    return new(null, false, refusal);
                }

                entry = Register(hello, new(thumbprint, hello.BootId, hello.LinkId), new(new Secret(hello.Ticket), claims), out superseded);
            }

            foreach (var old in superseded)
            {
                EndAndRemove(old, GoAwayReason.Shutdown, "the replica was restarted");
            }

            return entry;
        }
    }

    /// <summary>After <see cref="Admit"/>: the lane runs on its link, or it came to nothing.</summary>
    public void LaneSettled(AdmittedLink link, bool attached)
    {
        bool neverLived;
        lock (gate)
        {
            link.PendingLanes--;
            link.HasRun |= attached;
            neverLived = !link.HasRun && link.PendingLanes == 0;
        }

        if (neverLived)
        {
            EndAndRemove(link, GoAwayReason.Shutdown, "its first lane was lost before it ran");
        }

        Changes.Mark(link.ConnectorId);
    }

    /// <summary>Verifies a ticket that came on a live link. Null when taken over.</summary>
    public string? Renew(AdmittedLink link, string ticket)
    {
        var verifier = tables.Verifier;
        var (claims, reason) = verifier.Verify(ticket);
        if (claims is null)
        {
            return reason;
        }

        lock (gate)
        {
            if (tables.Verifier != verifier)
            {
                return "the ticket keys changed at this moment; send it again";
            }

            if (claims.ConnectorId != link.ConnectorId)
            {
                return $"the ticket is for connector {claims.ConnectorId}, the link is of {link.ConnectorId}";
            }

            if (TicketCheck.Decide(claims, link.Key.Thumbprint, link.ReplicaId, tables, time.GetUtcNow()) is { } refusal)
            {
                return refusal.Text;
            }

            link.Hold(new(new Secret(ticket), claims));
            return null;
        }
    }

    /// <summary>Puts new tables in force: ends links that have lost their right, withdraws sockets from the others.</summary>
    public void Apply(EdgeTables next)
    {
        EdgeTables previous;
        AdmittedLink[] all;
        lock (gate)
        {
            previous = tables;
            tables = next;
            all = [.. links.Values];
        }

        foreach (var link in all)
        {
            if (Judge(link, next, next.Verifier != previous.Verifier) is { } reason)
            {
                EndAndRemove(link, GoAwayReason.Revoked, reason);
                continue;
            }

            var withdrawn = false;
            foreach (var socketId in previous.SocketsOf(link.ConnectorId))
            {
                if (ServeAuthorization.Decide(next, link.ConnectorId, socketId) != ServeCode.Accepted)
                {
                    link.Link.Withdraw(socketId, ResetCode.Policy);
                    link.Forget(socketId);
                    withdrawn = true;
                }
            }

            if (withdrawn)
            {
                Changes.Mark(link.ConnectorId);
            }
        }
    }

    /// <summary>Ends links whose ticket ran out and was not renewed.</summary>
    public void EndExpired()
    {
        AdmittedLink[] all;
        lock (gate)
        {
            all = [.. links.Values];
        }

        foreach (var link in all)
        {
            if (Judge(link, tables, keysChanged: false) is { } reason)
            {
                EndAndRemove(link, GoAwayReason.Revoked, reason);
            }
        }
    }

    /// <summary>A link for a new stream of the socket, or null. Also the check of each OPEN: a link of another connector is never taken.</summary>
    /// <param name="except">Links that were tried already.</param>
    public AdmittedLink? Choose(EdgeSocket socket, params ReadOnlySpan<AdmittedLink> except)
    {
        var index = byConnector;
        if (socket.Connectors.Length == 1)
        {
            return index.TryGetValue(socket.Connectors[0], out var candidates)
                ? ReplicaChoice.Choose(candidates.AsSpan(), socket.Id, except, Random.Shared, Failures)
                : null;
        }

        var several = new List<AdmittedLink>();
        foreach (var connector in socket.Connectors)
        {
            if (index.TryGetValue(connector, out var candidates))
            {
                several.AddRange(candidates);
            }
        }

        return ReplicaChoice.Choose([.. several], socket.Id, except, Random.Shared, Failures);
    }

    /// <summary>Whether some replica that could serve the socket is going away in good order.</summary>
    public bool IsDraining(EdgeSocket socket)
    {
        foreach (var connector in socket.Connectors)
        {
            if (byConnector.TryGetValue(connector, out var candidates) && candidates.Any(link => link.Link is { IsDraining: true, LiveLanes: > 0 }))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>False once the link has ended or lost its right.</summary>
    public bool Contains(AdmittedLink link)
    {
        lock (gate)
        {
            return links.TryGetValue(link.Key.LinkId, out var present) && present == link;
        }
    }

    /// <summary>The connectors that have links now.</summary>
    public IEnumerable<ConnectorId> Connectors => byConnector.Keys;

    public ImmutableArray<ReplicaLinks> Describe(ConnectorId connector)
    {
        if (!byConnector.TryGetValue(connector, out var candidates))
        {
            return [];
        }

        var sockets = tables.SocketsOf(connector);
        return
        [
            .. candidates
                .GroupBy(link => (link.ReplicaId, link.Key.BootId))
                .Select(group => new ReplicaLinks(
                    group.Key.ReplicaId,
                    group.Key.BootId,
                    group.Sum(link => link.Link.LiveLanes),
                    group.Sum(link => link.Link.LiveStreams),
                    group.All(link => link.Link.IsDraining),
                    [.. sockets.Where(socket => group.Any(link => link.Link.Serves(socket)))])
                {
                    Path = PathOf(group),
                    UpstreamsOff = [.. sockets.Where(socket => group.Any(link => link.Link.Serves(socket) && link.IsUpstreamOff(socket)))],
                })
                .OrderBy(replica => replica.ReplicaId.Value, StringComparer.Ordinal),
        ];
    }

    /// <summary>Whether some link of the connector lets through, now and by replica: cheap enough to be asked each second.</summary>
    public bool PathsDiffer(ConnectorId connector, ImmutableArray<ReplicaLinks> told)
        => byConnector.TryGetValue(connector, out var candidates)
            && candidates.GroupBy(link => (link.ReplicaId, link.Key.BootId)).Any(group => told.IsDefault || !told.Any(replica =>
                replica.ReplicaId == group.Key.ReplicaId && replica.BootId == group.Key.BootId && replica.Path.On == PathOf(group).On));

    /// <returns>False when it was removed before.</returns>
    public bool Remove(AdmittedLink link)
    {
        lock (gate)
        {
            if (!links.TryGetValue(link.Key.LinkId, out var present) || present != link)
            {
                return false;
            }

            links.Remove(link.Key.LinkId);
            Index();
        }

        Changes.Mark(link.ConnectorId);
        return true;
    }

    /// <summary>The edge stops: ends every link and admits no more.</summary>
    public void Close(string reason)
    {
        AdmittedLink[] all;
        lock (gate)
        {
            closed = true;
            all = [.. links.Values];
        }

        foreach (var link in all)
        {
            EndAndRemove(link, GoAwayReason.Shutdown, reason);
        }
    }

    private LaneEntry Register(LaneHello hello, LinkKey key, HeldTicket ticket, out AdmittedLink[] superseded)
    {
        superseded = [];
        if (closed)
        {
            return new(null, false, new(RejectCode.Draining, "this edge is stopping"));
        }

        var facts = links.Values.Select(link => new LinkFacts(link.Key, link.ConnectorId, link.Link.LiveLanes + link.PendingLanes));
        switch (LaneAdmission.Decide(key, ticket.Claims.ConnectorId, facts, limits))
        {
            case LaneVerdict.Join:
                var known = links[key.LinkId];
                known.PendingLanes++;
                known.Hold(ticket);
                return new(known, true, null);
            case LaneVerdict.Create verdict:
                superseded = [.. verdict.Superseded.Select(old => links[old.LinkId])];
                var made = new AdmittedLink(this, key, ticket, owner => create(hello, key.Thumbprint, owner)) { PendingLanes = 1 };
                links.Add(key.LinkId, made);
                Index();
                return new(made, false, null);
            case LaneVerdict.Refuse refuse:
                return new(null, false, refuse.Refusal);
            case var other:
                throw new InvalidOperationException($"verdict {other} is not known");
        }
    }

    // One link that lets through is enough: streams go over it. Of several the newest proof counts.
    private static PathProof PathOf(IEnumerable<AdmittedLink> links)
    {
        var best = default(PathProof);
        foreach (var link in links)
        {
            var proof = link.Link.Path;
            if ((proof.On && !best.On) || (proof.On == best.On && proof.Age is { } age && (best.Age is not { } known || age < known)))
            {
                best = proof;
            }
        }

        return best;
    }

    private string? Judge(AdmittedLink link, EdgeTables by, bool keysChanged)
    {
        var ticket = link.Ticket;
        if (TicketCheck.Decide(ticket.Claims, link.Key.Thumbprint, link.ReplicaId, by, time.GetUtcNow()) is { } refusal)
        {
            return refusal.Text;
        }

        return keysChanged && by.Verifier.Verify(ticket.Text.Reveal()) is { Claims: null } verdict ? verdict.Reason : null;
    }

    // Outside the lock: ending a link calls its owner back. Removed here too, so that it is not chosen a moment longer.
    private void EndAndRemove(AdmittedLink link, GoAwayReason reason, string text)
    {
        if (Remove(link))
        {
            if (reason == GoAwayReason.Revoked)
            {
                link.Revoke();
            }

            link.Link.End(reason, text);
        }
    }

    private void Index()
        => byConnector = links.Values.GroupBy(link => link.ConnectorId).ToFrozenDictionary(group => group.Key, group => group.ToImmutableArray());
}
