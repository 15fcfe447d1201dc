using Connector.Actors.Reach;
using Connector.Protocol.Sockets;

namespace Connector.Actors.Sockets;

/// <summary>What a socket's configuration asks for: exactly one of the cases.</summary>
internal abstract record SocketUpstreamChoice
{
    private SocketUpstreamChoice()
    {
    }

    public sealed record PlainRelay(PlainUpstream Upstream) : SocketUpstreamChoice
    {
        /// <summary>Where limits and other options of the socket stand.</summary>
        public SocketConfiguration Configuration { get; init; } = new();
    }

    /// <summary>Well formed, but of a type that this replica does not serve.</summary>
    public sealed record Unsupported(string Reason) : SocketUpstreamChoice;

    /// <summary>Not usable as it is.</summary>
    public sealed record Invalid(string Reason) : SocketUpstreamChoice;
}
