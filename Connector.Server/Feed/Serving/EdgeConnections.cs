using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Connector.Protocol.Ids;
using Grpc.Core;

namespace Connector.Server.Feed.Serving;

/// <summary>The edges that have a stream now: one each. Thread-safe.</summary>
internal sealed class EdgeConnections
{
    private readonly ConcurrentDictionary<EdgeId, EdgeConnection> connections = new();
    private readonly Lock gate = new();

    public EdgeConnection? Find(EdgeId edge) => connections.GetValueOrDefault(edge);

    /// <summary>
    /// A process that comes again takes its own place. Another process with the same credential waits for as long as the first lives: were it let in, the two would push
    /// each other out for ever.
    /// </summary>
    public bool TryEnter(EdgeConnection connection, [NotNullWhen(false)] out string? refusal)
    {
        EdgeConnection? before;
        lock (gate)
        {
            before = connections.GetValueOrDefault(connection.Edge);
            if (before is { IsLive: true } && before.Boot != connection.Boot)
            {
                refusal = $"another process is connected with this edge credential, from {before.RemoteAddress}; each edge needs a credential of its own, stop one of the two";
                return false;
            }

            connections[connection.Edge] = connection;
        }

        before?.End(StatusCode.Aborted, "the edge opened another stream");
        refusal = null;
        return true;
    }

    public void Leave(EdgeConnection connection) => connections.TryRemove(new(connection.Edge, connection));

    /// <summary>Ends the stream of this edge, if it has one.</summary>
    public void End(EdgeId edge, StatusCode code, string reason) => Find(edge)?.End(code, reason);
}
