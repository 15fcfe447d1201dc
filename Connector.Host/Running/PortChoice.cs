using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using Connector.Host.Errors;
using Connector.Server.Edge;

namespace Connector.Host.Running;

/// <summary>Ports under <c>dev</c>: one that was asked for must be free; a default that is busy gives way.</summary>
internal sealed class PortChoice(Func<int, bool> isFree, Func<int> anyFree)
{
    private const int LowestOfSeveral = 10_000;
    private const int HighestOfSeveral = 19_999;

    private readonly List<string> notes = [];
    private readonly HashSet<int> given = [];

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

    /// <summary>
    /// Free ports for processes that are told theirs. Below those that systems give to outgoing connections: a port that is let go for the moment of a
    /// restart must not be taken by one.
    /// </summary>
    public ImmutableArray<int> Several(int count)
    {
        var first = Random.Shared.Next(LowestOfSeveral, HighestOfSeveral);
        var found = Enumerable.Range(0, HighestOfSeveral - LowestOfSeveral)
            .Select(step => LowestOfSeveral + ((first - LowestOfSeveral + step) % (HighestOfSeveral - LowestOfSeveral)))
            .Where(port => given.Add(port) && isFree(port)).Take(count).ToImmutableArray();
        return found.Length == count
            ? found
            : throw new ConnectorError(
                $"Cannot find {count} free ports", $"between {LowestOfSeveral} and {HighestOfSeveral} there are only {found.Length}", "Stop what uses them, or run fewer replicas");
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
