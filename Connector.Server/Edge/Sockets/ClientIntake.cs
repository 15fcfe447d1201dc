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
using Connector.Server.Feed;

namespace Connector.Server.Edge.Sockets;

/// <summary>
/// Takes the clients of one socket from accept to the end of their stream: admission, choice of a link, OPEN, relay. Works on the threads of
/// its connections; the socket's actor owns it and sees no connection. Reads nothing of a client before the stream is open: until then its
/// bytes wait in the kernel.
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
            connection = new ClientConnection(client, new IPEndPoint(ClientAdmission.Normalize(remote.Address), remote.Port));
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
        var verdict = ClientAdmission.Decide(admitted, connection.Client.Address);
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

        _ = ServeAsync(connection, admitted);
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

    /// <summary>Writes the count of denied clients that were not recorded one by one.</summary>
    public void FlushDenials()
    {
        if (denials.Flush() is { } summary)
        {
            journal.DeniedMore(socket, summary);
        }
    }

    public void Close() => connections.Close(ResetCode.Policy);

    private void Deny(ClientConnection connection, AdmissionVerdict verdict)
    {
        connection.Dispose();
        EdgeMetrics.ClientDenied(verdict);
        if (denials.Note(connection.Client.Address, verdict))
        {
            journal.Denied(socket, connection.Client.Address, verdict);
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
            journal.OpenFailed(definition, link, connection.Client, $"the edge failed: {e.Message}", "");
        }
        finally
        {
            connections.Remove(connection);
            connection.Dispose();
        }
    }

    private async Task<(AdmittedLink? Link, IRelayedStream? Stream)> OpenAsync(ClientConnection connection, EdgeSocket definition)
    {
        var deadline = connection.BeginOpen(limits.OpenDeadline, edge.Time);
        try
        {
            var request = new OpenRequest(definition.Id, connection.Client, "", "", "");
            AdmittedLink? tried = null;
            var lost = "";
            for (var attempt = 0; attempt < 2; attempt++)
            {
                if (edge.Links.Choose(definition, tried) is not { } link)
                {
                    break;
                }

                tried = link;
                switch (await link.Link.OpenAsync(request, memory, deadline).ConfigureAwait(false))
                {
                    case OpenAnswer.Opened opened when ServeAuthorization.Decide(edge.Links.Tables, link.ConnectorId, definition.Id) != ServeCode.Accepted:
                        // The socket was taken from this connector while the replica dialled.
                        opened.Stream.Reset(ResetCode.Policy);
                        Fail(connection, definition, link, $"replica {link.ReplicaId} may not serve the socket any more", "");
                        return (link, null);
                    case OpenAnswer.Opened opened:
                        return (link, opened.Stream);
                    case OpenAnswer.Refused refused:
                        Fail(connection, definition, link, $"replica {link.ReplicaId} refused it ({refused.Code})", refused.Text);
                        return (link, null);
                    case OpenAnswer.Cancelled:
                        Fail(
                            connection,
                            definition,
                            link,
                            deadline.IsCancellationRequested
                                ? $"replica {link.ReplicaId} gave no answer within {limits.OpenDeadline.TotalSeconds:0} s"
                                : $"the socket was withdrawn from replica {link.ReplicaId} before it answered",
                            "");
                        return (link, null);
                    case OpenAnswer.LinkLost gone:
                        lost = $"the link to replica {link.ReplicaId} was lost before it answered ({gone.Reason})";
                        break;
                }
            }

            Fail(
                connection,
                definition,
                tried,
                tried is null ? "no replica is linked to this edge that serves the socket; check that a connector runs and has it"
                    : $"{lost}, and no other replica took it",
                "");
            return (tried, null);
        }
        finally
        {
            connection.EndOpen();
            connections.EndOpen();
        }
    }

    private void Fail(ClientConnection connection, EdgeSocket definition, AdmittedLink? link, string reason, string upstream)
    {
        // One that was cut is accounted where it was cut.
        if (!connection.IsCut)
        {
            journal.OpenFailed(definition, link, connection.Client, reason, upstream);
        }
    }
}
