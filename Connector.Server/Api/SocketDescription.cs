using Connector.Protocol.Ids;
using Connector.Server.Store;
using Connector.Server.Store.Database;
using static Connector.Server.Control.ConnectorsProtocol;

namespace Connector.Server.Api;

/// <summary>Answers for sockets: what is stored, with what connectors and edge say of it now.</summary>
internal sealed class SocketDescription(IConnectorSessions sessions, EdgeViews edges, ControlPlaneOptions options)
{
    public async Task<SocketAnswer> OfAsync(SocketRow socket, CancellationToken cancellationToken)
        => (await OfAsync([socket], cancellationToken).ConfigureAwait(false))[0];

    public async Task<IReadOnlyList<SocketAnswer>> OfAsync(IReadOnlyList<SocketRow> sockets, CancellationToken cancellationToken)
    {
        // Asked at once: each has a deadline of its own, and they must not add up.
        var states = await Task.WhenAll(sockets.SelectMany(socket => socket.Connectors).Select(link => link.ConnectorId).Distinct()
            .Select(id => sessions.GetAsync(new ConnectorId(id), cancellationToken))).ConfigureAwait(false);
        var byConnector = states.ToDictionary(state => state.ConnectorId.Value);
        var views = edges.All();
        return [.. sockets.Select(socket => Of(socket, [.. socket.Connectors.Select(link => byConnector[link.ConnectorId])], views))];
    }

    private SocketAnswer Of(SocketRow socket, IReadOnlyCollection<SessionState> states, IReadOnlyList<EdgeView> views)
    {
        var id = new SocketId(socket.Id);
        var status = SocketStatusAnswer.Of(id, states, views);
        var perEdge = views.Select(edge => Of(edge, socket)).ToList();
        var connectors = socket.Connectors.OrderBy(link => link.CreatedAt).ThenBy(link => link.Id).ToList();
        return new SocketAnswer(
            socket.Id, socket.Name, socket.DisplayName, socket.Type, socket.Description, socket.UpstreamType, socket.UpstreamHttpHostname,
            socket.RecordingEnabled, socket.ConnectorAuthenticationEnabled, socket.EndToEndEncryptionEnabled, ApiJson.Element(socket.Tags),
            [.. connectors.Select(link => link.ConnectorId)],
            [.. connectors.Select(link => new SocketAnswer.ServedBy(link.ConnectorId, link.Connector!.Name))],
            ApiJson.Element(socket.UpstreamConfiguration),
            [],
            perEdge[0].Dnsname,
            new SocketAnswer.EdgeAnswer(
                socket.EdgePort, socket.EdgePublic, socket.EdgeAllowedIps.Split(' ', StringSplitOptions.RemoveEmptyEntries),
                socket.EdgeHedge, socket.EdgeProxyProtocolFrom.Split(' ', StringSplitOptions.RemoveEmptyEntries)),
            SocketOptions.Answer(SocketOptions.Limits(socket)),
            socket.UpstreamProxyProtocol,
            SocketOptions.Answer(SocketOptions.UpstreamCheck(socket)),
            perEdge[0].Endpoint,
            [.. perEdge.Select(edge => edge.Answer)],
            // One that failed is to be seen, wherever it is.
            perEdge.Select(edge => edge.Answer.Listener).OfType<SocketAnswer.ListenerAnswer>().OrderBy(listener => listener.State == "failed" ? 0 : 1).FirstOrDefault(),
            // What the replica says of itself is not enough: an edge must have a link on which it serves the socket.
            status.State == "serving" && connectors.Any(link => views.Any(edge => edge.Serves(id, new ConnectorId(link.ConnectorId)))),
            status.Replicas.Any(replica => replica.Online),
            status,
            ApiJson.Time(socket.CreatedAt),
            ApiJson.Time(socket.UpdatedAt));
    }

    private (string Dnsname, string Endpoint, SocketAnswer.OnEdgeAnswer Answer) Of(EdgeView edge, SocketRow socket)
    {
        var host = edge.PublicHost ?? options.EdgePublicHost;
        var endpoint = host.Contains(':', StringComparison.Ordinal) && host[0] != '['
            ? FormattableString.Invariant($"[{host}]:{socket.EdgePort}")
            : FormattableString.Invariant($"{host}:{socket.EdgePort}");
        return (host, endpoint, new SocketAnswer.OnEdgeAnswer(edge.Id.Value, edge.Name, endpoint, edge.Listener(new SocketId(socket.Id), socket.EdgePort)));
    }
}
