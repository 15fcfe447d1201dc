using System.Net;
using System.Net.Sockets;
using Akka.Streams;
using Connector.Relay.Frames;
using Connector.Relay.Links;
using Connector.Relay.Memory;
using Connector.Relay.Streams;
using Connector.Server.Edge.Accounting;
using Connector.Server.Edge.Admission;
using Connector.Server.Edge.Links;
using Connector.Server.Edge.Opening;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Sockets;

/// <summary>
/// Takes the clients of one socket from accept to the end of their stream: admission, choice of a link, OPEN, relay. Works on the threads of
/// its connections; the socket's actor owns it and sees no connection. Reads nothing of a client before the stream is open (but the header that a
/// load balancer puts before it): until then its bytes wait in the kernel.
/// </summary>
internal sealed class ClientIntake
{
    private readonly EdgeSocketDependencies edge;
    private readonly EdgeLimits limits;
    private readonly SocketMemory memory;
    private readonly IMaterializer materializer;
    private readonly SocketJournal journal;
    private readonly SessionAccounting sessions;
    private readonly DenialLog denials = new();
    private readonly OpenFailureLog failures = new();
    private readonly ClientConnections connections;
    private volatile EdgeSocket socket;

    public ClientIntake(EdgeSocket socket, EdgeSocketDependencies edge, IMaterializer materializer)
    {
        this.socket = socket;
        this.edge = edge;
        this.materializer = materializer;
        limits = edge.Options.Limits;
        memory = edge.Memory(socket.Id);
        journal = new SocketJournal(edge.Feed, edge.Time);
        sessions = new SessionAccounting(edge.Feed, edge.Options.EdgeId, edge.Links, edge.Time);
        connections = new ClientConnections(limits.ConnectionsPerSocket, limits.PendingOpensPerSocket);
    }

    /// <summary>Connections now, pending ones included.</summary>
    public int Count => connections.Count;

    /// <summary>From the accept loop. Takes over the connection; never blocks, never throws.</summary>
    public void Accept(Socket client)
    {
        ClientConnection connection;
        try
        {
            var remote = (IPEndPoint)client.RemoteEndPoint!;
            var peer = new IPEndPoint(ClientAdmission.Normalize(remote.Address), remote.Port);
            connection = new ClientConnection(client, peer, behindBalancer: ClientAdmission.IsBalancer(socket, peer.Address));
            client.NoDelay = true;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            client.Dispose();
            return;
        }

        // Registered before it is judged: a change of policy then finds it, or this reads the new policy.
        if (!connections.TryAdd(connection))
        {
            Deny(connection, AdmissionVerdict.Full);
            return;
        }

        var admitted = socket;
        var verdict = connection.IsClientKnown ? ClientAdmission.Decide(admitted, connection.Client.Address) : AdmissionVerdict.Admitted;
        if (verdict == AdmissionVerdict.Admitted && !connections.TryBeginOpen())
        {
            verdict = AdmissionVerdict.Full;
        }

        if (verdict != AdmissionVerdict.Admitted)
        {
            connections.Remove(connection);
            Deny(connection, verdict);
            return;
        }

        _ = connection.IsClientKnown ? ServeAsync(connection, admitted) : ServeBehindBalancerAsync(connection);
    }

    /// <summary>Puts a new definition in force and cuts live clients that it does not allow.</summary>
    public void Update(EdgeSocket next)
    {
        socket = next;
        var cut = connections.Cut(client => ClientAdmission.Decide(next, client) != AdmissionVerdict.Admitted, ResetCode.Policy);
        if (cut > 0)
        {
            journal.PolicyCut(next, cut);
        }
    }

    /// <summary>Writes the count of clients without a stream that were not recorded one by one.</summary>
    public void FlushRecords()
    {
        if (failures.Flush() is { } failed)
        {
            journal.OpenFailedMore(socket, failed);
        }

        if (denials.Flush() is { } summary)
        {
            journal.DeniedMore(socket, summary);
        }
    }

    public void Close() => connections.Close(ResetCode.Policy);

    private void Deny(ClientConnection connection, AdmissionVerdict verdict)
    {
        EdgeMetrics.ClientDenied(verdict);
        if (denials.Note(connection.Client.Address, verdict))
        {
            journal.Denied(socket, connection.Client.Address, verdict);
        }

        connection.Dispose();
    }

    /// <summary>A connection that a load balancer passes on: who the client is stands in its first bytes, and then it is one like others.</summary>
    private async Task ServeBehindBalancerAsync(ClientConnection connection)
    {
        var header = new BalancerHeader(null, "");
        var verdict = AdmissionVerdict.BadProxyHeader;
        try
        {
            header = await BalancerHeader.ReadAsync(connection, limits.ProxyHeaderDeadline, edge.Time).ConfigureAwait(false);
            if (header.Client is { } client)
            {
                connection.Name(client);
                var admitted = socket;
                verdict = ClientAdmission.Decide(admitted, client.Address);
                if (!ClientAdmission.IsBalancer(admitted, connection.Peer.Address))
                {
                    header = new(null, "its address was taken out of proxy_protocol_from meanwhile");
                }
                else if (verdict == AdmissionVerdict.Admitted)
                {
                    await ServeAsync(connection, admitted).ConfigureAwait(false);
                    return;
                }
            }
        }
        catch (Exception e)
        {
            // Nobody awaits this either.
            header = new(null, $"the edge failed: {e.Message}");
        }

        connections.EndOpen();
        connections.Remove(connection);
        if (header.Client is not null)
        {
            Deny(connection, verdict);
        }
        else if (header.Problem.Length == 0)
        {
            connection.CloseQuietly();
        }
        else
        {
            EdgeMetrics.ClientDenied(AdmissionVerdict.BadProxyHeader);
            if (denials.Note(connection.Peer.Address, AdmissionVerdict.BadProxyHeader))
            {
                journal.BadProxyHeader(socket, connection.Peer, header.Problem);
            }

            connection.Dispose();
        }
    }

    private async Task ServeAsync(ClientConnection connection, EdgeSocket definition)
    {
        AdmittedLink? link = null;
        try
        {
            (link, var stream) = await OpenAsync(connection, definition).ConfigureAwait(false);
            if (stream is not null && connection.TryHandOver(stream))
            {
                var outcome = await sessions.RunAsync(
                    definition, link!, connection.Client, () => stream.RunAsync(connection.Socket, materializer)).ConfigureAwait(false);
                if (outcome.End == StreamEnd.Failed)
                {
                    journal.StreamFailed(definition, link!, connection.Client, outcome);
                }
            }
        }
        catch (Exception e)
        {
            // Nobody awaits this: an error that is ours still becomes a record, and ends only this client.
            Record(definition, new OpenFailure(link, connection.Client, $"the edge failed: {e.Message}", ""));
        }
        finally
        {
            connections.Remove(connection);
            connection.Dispose();
        }
    }

    private async Task<(AdmittedLink? Link, IRelayedStream? Stream)> OpenAsync(ClientConnection connection, EdgeSocket definition)
    {
        var givenUp = connection.BeginOpen(limits.OpenDeadline, edge.Time);
        try
        {
            var request = new OpenRequest(definition.Id, connection.Client, "", "", "");
            var opener = new StreamOpener(edge.Links, limits, edge.Time, memory, definition);
            switch (await opener.OpenAsync(request, givenUp).ConfigureAwait(false))
            {
                case OpenResult.Opened opened:
                    return (opened.Link, opened.Stream);
                case OpenResult.Failed failed:
                    Fail(connection, definition, failed);
                    return (failed.Link, null);
                case var other:
                    throw new InvalidOperationException($"opening a stream came to {other.GetType().Name}, which is not known");
            }
        }
        finally
        {
            connection.EndOpen();
            connections.EndOpen();
        }
    }

    private void Fail(ClientConnection connection, EdgeSocket definition, OpenResult.Failed failed)
    {
        // One that was cut is accounted where it was cut.
        if (!connection.IsCut)
        {
            OpenMetrics.Refused(definition.Id, failed.Code);
            Record(definition, new OpenFailure(failed.Link, connection.Client, failed.Reason, failed.Upstream));
        }
    }

    private void Record(EdgeSocket definition, OpenFailure failure)
    {
        if (failures.Note(failure))
        {
            journal.OpenFailed(definition, failure);
        }
    }
}
