using System.Net;
using System.Net.Sockets;
using Connector.Relay.Frames;
using Connector.Server.Edge.Links;

namespace Connector.Server.Edge.Sockets;

/// <summary>
/// One end user's connection, from accept to its end. Owns the TCP socket until a stream takes it over. Thread-safe.
/// </summary>
/// <param name="peer">Where the TCP connection comes from; IPv4 as itself.</param>
/// <param name="behindBalancer">The peer is a load balancer, and the client is not known before its header has been read.</param>
internal sealed class ClientConnection(Socket socket, IPEndPoint peer, bool behindBalancer = false) : IDisposable
{
    private readonly Lock gate = new();
    private volatile IPEndPoint? client;
    private volatile bool named = !behindBalancer;
    private CancellationTokenSource? opening;
    private IRelayedStream? stream;
    private bool cut;
    private bool handedOver;

    /// <summary>The end user's address; IPv4 as itself. The peer's as long as the user's is not known.</summary>
    public IPEndPoint Client => client ?? peer;

    public IPEndPoint Peer => peer;

    /// <summary>Whether <see cref="Client"/> is the end user's, and may be judged.</summary>
    public bool IsClientKnown => named;

    public Socket Socket => socket;

    /// <summary>Ended by <see cref="Cut"/>, not by the peer or a deadline.</summary>
    public bool IsCut
    {
        get
        {
            lock (gate)
            {
                return cut;
            }
        }
    }

    /// <summary>What the load balancer says. Before the connection is judged by it: a change of policy then finds it, or has been read.</summary>
    public void Name(IPEndPoint user)
    {
        client = user;
        named = true;

        // The policy must not be read before this is seen: a volatile write alone lets a later read overtake it.
        Interlocked.MemoryBarrier();
    }

    /// <summary>A token for a step before the stream is open: cancelled at the deadline and by <see cref="Cut"/>.</summary>
    public CancellationToken BeginOpen(TimeSpan deadline, TimeProvider time)
    {
        lock (gate)
        {
            opening = new CancellationTokenSource(deadline, time);
            if (cut)
            {
                opening.Cancel();
            }

            return opening.Token;
        }
    }

    public void EndOpen()
    {
        lock (gate)
        {
            opening?.Dispose();
            opening = null;
        }
    }

    /// <summary>
    /// The TCP socket belongs to the stream from now on. False when the connection was cut meanwhile: the stream was reset then.
    /// </summary>
    public bool TryHandOver(IRelayedStream opened)
    {
        lock (gate)
        {
            if (!cut)
            {
                stream = opened;
                handedOver = true;
                return true;
            }
        }

        opened.Reset(ResetCode.Policy);
        return false;
    }

    /// <summary>The client may not stay: stops the opening, or resets the stream. False when it was cut before.</summary>
    public bool Cut(ResetCode code)
    {
        IRelayedStream? live;
        lock (gate)
        {
            if (cut)
            {
                return false;
            }

            cut = true;
            live = stream;

            // Under the lock, since EndOpen disposes it. What waits on the token continues elsewhere: the relay's waits are asynchronous.
            opening?.Cancel();
        }

        live?.Reset(code);
        return true;
    }

    /// <summary>
    /// Closes the TCP connection, unless a stream has it. The client sees a reset: it must not take a failure for an empty answer
    /// (a plain close looks like one), it would see a reset in any case once it has sent bytes that nobody read, and the edge keeps no
    /// TIME_WAIT entry for connections that came to nothing.
    /// </summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (handedOver)
            {
                return;
            }

            handedOver = true;
        }

        CloseWithReset(socket);
    }

    /// <summary>Closes the TCP connection as one that went well.</summary>
    public void CloseQuietly()
    {
        lock (gate)
        {
            if (handedOver)
            {
                return;
            }

            handedOver = true;
        }

        try
        {
            socket.Shutdown(SocketShutdown.Both);
        }
        catch (SocketException)
        {
            // Gone already.
        }

        socket.Dispose();
    }

    public static void CloseWithReset(Socket socket)
    {
        try
        {
            socket.LingerState = new LingerOption(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Gone already.
        }

        socket.Dispose();
    }
}
