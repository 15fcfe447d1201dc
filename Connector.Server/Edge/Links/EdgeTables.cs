using System.Collections.Frozen;
using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Connector.Server.Feed;

namespace Connector.Server.Edge.Links;

/// <summary>The newest <see cref="EdgeState"/>, indexed for lane loops and connections. Immutable.</summary>
internal sealed class EdgeTables
{
    private readonly FrozenDictionary<SocketId, EdgeSocket> sockets;
    private readonly FrozenDictionary<ConnectorId, ImmutableArray<SocketId>> socketsOf;

    public EdgeTables(EdgeState state, ITicketVerifier verifier)
    {
        State = state;
        Verifier = verifier;
        sockets = state.Sockets.DistinctBy(socket => socket.Id).ToFrozenDictionary(socket => socket.Id);
        socketsOf = state.Sockets
            .SelectMany(socket => socket.Connectors.Select(connector => (connector, socket.Id)))
            .GroupBy(pair => pair.connector, pair => pair.Id)
            .ToFrozenDictionary(group => group.Key, group => group.Distinct().ToImmutableArray());
    }

    /// <summary>Before the feed has said anything: nobody may do anything.</summary>
    public static EdgeTables Nothing { get; } = new(
        new EdgeState(DesiredStateVersion.None, [], [], [], []), NoTickets.Instance);

    public EdgeState State { get; }

    /// <summary>Of this state's ticket keys; the same object as before when the keys have not changed.</summary>
    public ITicketVerifier Verifier { get; }

    public EdgeSocket? Find(SocketId socketId) => sockets.GetValueOrDefault(socketId);

    public ImmutableArray<SocketId> SocketsOf(ConnectorId connector) => socketsOf.GetValueOrDefault(connector, []);

    private sealed class NoTickets : ITicketVerifier
    {
        public static readonly NoTickets Instance = new();

        public TicketVerdict Verify(string ticket) => new(null, "this edge has not heard from the control plane yet");
    }
}
