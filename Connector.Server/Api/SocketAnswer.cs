using System.Text.Json;

namespace Connector.Server.Api;

/// <param name="Endpoint">host:port that end users dial, on the first edge.</param>
/// <param name="Edges">The socket on each edge: users may come through any of them, on the same port.</param>
/// <param name="Alive">A replica says that it serves it, and has a link on which the edge hands users over: they are let in, whatever the upstream does.</param>
/// <param name="Online">All three lamps of one replica are on: proven from end to end.</param>
/// <param name="Listener">Of <paramref name="Edges"/> the listener that failed, or else the first; absent until an edge spoke of the socket's port.</param>
internal sealed record SocketAnswer(
    string SocketId, string Name, string DisplayName, string SocketType, string Description, string UpstreamType, string UpstreamHttpHostname,
    bool RecordingEnabled, bool ConnectorAuthenticationEnabled, bool EndToEndEncryptionEnabled, JsonElement Tags, IReadOnlyList<string> ConnectorIds,
    IReadOnlyList<SocketAnswer.ServedBy> Connectors, JsonElement UpstreamConfiguration, IReadOnlyList<string> Policies, string Dnsname,
    SocketAnswer.EdgeAnswer Edge, SocketAnswer.LimitsAnswer Limits, string UpstreamProxyProtocol, SocketAnswer.UpstreamCheckAnswer UpstreamCheck, string Endpoint,
    IReadOnlyList<SocketAnswer.OnEdgeAnswer> Edges, SocketAnswer.ListenerAnswer? Listener, bool Alive, bool Online, SocketStatusAnswer Status, DateTime CreatedAt,
    DateTime UpdatedAt)
{
    internal sealed record ServedBy(string ConnectorId, string Name);

    internal sealed record EdgeAnswer(
        int Port, bool Public, IReadOnlyList<string> AllowedIps, bool Hedge, IReadOnlyList<string> ProxyProtocolFrom);

    /// <summary>Of each replica by itself; 0 is the default.</summary>
    internal sealed record LimitsAnswer(
        int MaxStreams, int MaxBytesPerSecond, int MaxOpensPerSecond, int IdleTimeoutSeconds, int MaxAgeSeconds);

    internal sealed record UpstreamCheckAnswer(bool Enabled, int IntervalSeconds, int TimeoutSeconds);

    /// <param name="Endpoint">host:port that end users dial.</param>
    /// <param name="Listener">What this edge said of the socket's port; absent until it did.</param>
    internal sealed record OnEdgeAnswer(string Edge, string Name, string Endpoint, ListenerAnswer? Listener);

    /// <param name="State">listening or failed; unknown when the edge has been silent for too long.</param>
    internal sealed record ListenerAnswer(string State, int Port, string? Reason);
}
