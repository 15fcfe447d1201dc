using System.Net;
using Connector.Relay.Frames;

namespace Connector.Server.Edge.Sockets;

/// <summary>The client connections of one socket, with their bounds. Thread-safe.</summary>
internal sealed class ClientConnections(int most, int mostPending)
{
    private readonly Lock gate = new();
    private readonly HashSet<ClientConnection> connections = [];
    private int pending;
    private bool closed;

    public int Count
    {
        get
        {
            lock (gate)
            {
                return connections.Count;
            }
        }
    }

    public bool TryAdd(ClientConnection connection)
    {
        lock (gate)
        {
            return !closed && connections.Count < most && connections.Add(connection);
        }
    }

    public void Remove(ClientConnection connection)
    {
        lock (gate)
        {
            connections.Remove(connection);
        }
    }

    public bool TryBeginOpen()
    {
        if (Interlocked.Increment(ref pending) <= mostPending)
        {
            return true;
        }

        Interlocked.Decrement(ref pending);
        return false;
    }

    public void EndOpen() => Interlocked.Decrement(ref pending);

    /// <summary>Cuts all that the condition names.</summary>
    /// <returns>How many.</returns>
    public int Cut(Func<IPAddress, bool> condition, ResetCode code)
    {
        ClientConnection[] present;
        lock (gate)
        {
            present = [.. connections];
        }

        return present.Count(connection => condition(connection.Client.Address) && connection.Cut(code));
    }

    /// <summary>Cuts all and takes no more.</summary>
    public void Close(ResetCode code)
    {
        lock (gate)
        {
            closed = true;
        }

        Cut(_ => true, code);
    }
}
