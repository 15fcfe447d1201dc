using System.Net;
using System.Net.Sockets;

namespace Connector.Actors.Reach;

/// <summary>How a dial to an upstream ended: exactly one of the cases. The texts name the upstream and fit a log record.</summary>
public abstract record DialOutcome
{
    private DialOutcome()
    {
    }

    /// <summary>The receiver owns the socket.</summary>
    public sealed record Connected(Socket Socket, IPEndPoint Address) : DialOutcome;

    /// <summary>Nothing listens there.</summary>
    public sealed record Refused(string Text) : DialOutcome;

    /// <summary>No answer in time, by the resolver or by the upstream.</summary>
    public sealed record TimedOut(string Text) : DialOutcome;

    /// <summary>The name does not resolve, or there is no route.</summary>
    public sealed record Unreachable(string Text) : DialOutcome;

    /// <summary>Every address is forbidden to this replica; nothing was dialled.</summary>
    public sealed record Forbidden(string Rule, string Text) : DialOutcome;
}
