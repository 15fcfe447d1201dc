using System.Net;
using System.Net.Sockets;
using Connector.Host.Errors;
using Connector.Server.Edge;

namespace Connector.Host.Running;

/// <summary>Ports under <c>dev</c>: one that was asked for must be free; a default that is busy gives way.</summary>
internal sealed class PortChoice(Func<int, bool> isFree, Func<int> anyFree)
{
    private readonly List<string> notes = [];

    public IReadOnlyList<string> Notes => notes;

    public static PortChoice OnLoopback() => new(IsFree, AnyFree);

    /// <exception cref="ConnectorError">The port that was asked for is in use.</exception>
    public int Choose(int? asked, int usual, string flag)
    {
        if (asked is { } port)
        {
            return port == 0 || isFree(port)
                ? port
                : throw new ConnectorError($"Cannot use {flag} {port}", "another process listens on that port", $"Stop it, name another port, or leave {flag} out");
        }

        if (isFree(usual))
        {
            return usual;
        }

        var other = anyFree();
        notes.Add($"port {usual} is in use, so {other} is used instead ({flag} chooses another)");
        return other;
    }

    /// <summary>A range for the sockets' listeners, of which the first ten are free.</summary>
    public PortRange Choose(PortRange? asked, PortRange usual)
    {
        if (asked is { } range)
        {
            return range;
        }

        var size = usual.Last - usual.First;
        for (var first = usual.First; first + size <= 29999; first += size + 1)
        {
            if (Enumerable.Range(first, Math.Min(10, size + 1)).All(isFree))
            {
                if (first != usual.First)
                {
                    notes.Add($"ports from {usual.First} are in use, so sockets get {first}-{first + size} (--edge-ports chooses others)");
                }

                return new PortRange(first, first + size);
            }
        }

        return usual;
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            socket.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private static int AnyFree()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
