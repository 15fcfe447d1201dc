using Connector.Protocol.Ids;
using Connector.Server.Feed;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>Answers for sockets: what is stored, with what connectors and edge say of it now.</summary>
internal sealed class SocketDescription(IConnectorSessions sessions, EdgeObservations observations, ControlPlaneOptions options)
{
    public async Task<SocketAnswer> OfAsync(SocketRow socket, CancellationToken cancellationToken)
        => (await OfAsync([socket], cancellationToken).ConfigureAwait(false))[0];

    public async Task<IReadOnlyList<SocketAnswer>> OfAsync(IReadOnlyList<SocketRow> sockets, CancellationToken cancellationToken)
    {
        // Asked at once: each has a deadline of its own, and they must not add up.
        var states = await Task.WhenAll(sockets.SelectMany(socket => socket.Connectors).Select(link => link.ConnectorId).Distinct()
            .Select(id => sessions.GetAsync(new ConnectorId(id), cancellationToken))).ConfigureAwait(false);
        var byConnector = states.ToDictionary(state => state.ConnectorId.Value);
        return [.. sockets.Select(socket => Of(socket, [.. socket.Connectors.Select(link => byConnector[link.ConnectorId])]))];
    }

    private SocketAnswer Of(SocketRow socket, IReadOnlyCollection<SessionState> states)
    {
        var status = SocketStatusAnswer.Of(new SocketId(socket.Id), states, observations);
        var listener = observations.Listener(new SocketId(socket.Id));
        // Until the edge follows, it speaks of the port that the socket had.
        var current = listener?.Port == socket.EdgePort ? listener : null;
        var connectors = socket.Connectors.OrderBy(link => link.CreatedAt).ThenBy(link => link.Id).ToList();
        return new SocketAnswer(
            socket.Id, socket.Name, socket.DisplayName, socket.Type, socket.Description, socket.UpstreamType, socket.UpstreamHttpHostname,
            socket.RecordingEnabled, socket.ConnectorAuthenticationEnabled, socket.EndToEndEncryptionEnabled, ApiJson.Element(socket.Tags),
            [.. connectors.Select(link => link.ConnectorId)],
            [.. connectors.Select(link => new SocketAnswer.ServedBy(link.ConnectorId, link.Connector!.Name))],
            ApiJson.Element(socket.UpstreamConfiguration),
            [],
            options.EdgePublicHost,
            new SocketAnswer.EdgeAnswer(
                socket.EdgePort, socket.EdgePublic, socket.EdgeAllowedIps.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                socket.EdgeHedge, socket.EdgeProxyProtocolFrom.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
            SocketOptions.Answer(SocketOptions.Limits(socket)),
            socket.UpstreamProxyProtocol,
            SocketOptions.Answer(SocketOptions.UpstreamCheck(socket)),
            EndPoint(socket.EdgePort),
            current is null ? null : new SocketAnswer.ListenerAnswer(current.Failure is null ? "listening" : "failed", current.Port, current.Failure),
            // What the replica says of itself is not enough: the edge must have a link on which it serves the socket.
            status.State == "serving" && connectors.Any(link => observations.Links(new ConnectorId(link.ConnectorId))
                .Any(replica => replica.Lanes > 0 && !replica.Draining && replica.Sockets.Contains(new SocketId(socket.Id)))),
            status.Replicas.Any(replica => replica.Online),
            status,
            ApiJson.Time(socket.CreatedAt),
            ApiJson.Time(socket.UpdatedAt));
    }

    private string EndPoint(int port)
        => options.EdgePublicHost.Contains(':', StringComparison.Ordinal)
            ? FormattableString.Invariant($"[{options.EdgePublicHost}]:{port}")
            : FormattableString.Invariant($"{options.EdgePublicHost}:{port}");
}
