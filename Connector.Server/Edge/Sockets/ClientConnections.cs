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

    /// <summary>Cuts all whose client the condition names. One whose client is not known yet is judged when it is.</summary>
    /// <returns>How many.</returns>
    public int Cut(Func<IPAddress, bool> condition, ResetCode code)
        => Present().Count(connection => connection.IsClientKnown && condition(connection.Client.Address) && connection.Cut(code));

    /// <summary>Cuts all and takes no more.</summary>
    public void Close(ResetCode code)
    {
        lock (gate)
        {
            closed = true;
        }

        foreach (var connection in Present())
        {
            connection.Cut(code);
        }
    }

    private ClientConnection[] Present()
    {
        lock (gate)
        {
            return [.. connections];
        }
    }
}
