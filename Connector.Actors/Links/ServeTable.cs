using System.Collections.Immutable;
using Connector.Actors.Sockets;
using Connector.Protocol.Ids;
using Connector.Relay.Frames;

namespace Connector.Actors.Links;

/// <summary>What a replica serves over one link, and which of it the edge has not accepted yet.</summary>
internal sealed class ServeTable
{
    private readonly Dictionary<SocketId, long> served = [];
    private readonly HashSet<SocketId> refused = [];
    private readonly Dictionary<SocketId, UpstreamLamp> lamps = [];
    private ImmutableDictionary<SocketId, ServeAnswer> answers = ImmutableDictionary<SocketId, ServeAnswer>.Empty;

    public IReadOnlyDictionary<SocketId, long> Served => served;

    /// <summary>Sockets whose SERVE the edge answered with a refusal that may pass: its table can be behind ours.</summary>
    public IReadOnlyCollection<SocketId> Refused => refused;

    /// <summary>What the edge said to each SERVE of this link.</summary>
    public ImmutableDictionary<SocketId, ServeAnswer> Answers => answers;

    public UpstreamLamp LampOf(SocketId socketId) => lamps.GetValueOrDefault(socketId);

    /// <summary>True: the edge has to be told, by another SERVE.</summary>
    public bool SetLamp(SocketId socketId, UpstreamLamp lamp)
    {
        // A lamp may be first: before the socket is said to be served.
        if (LampOf(socketId) == lamp)
            return false;
        lamps[socketId] = lamp;
        return served.ContainsKey(socketId);
    }

    /// <summary>A new link knows nothing of what the old one's edge said.</summary>
    public void NewLink()
    {
        answers = answers.Clear();
        refused.Clear();
    }

    /// <summary>True: say SERVE. False: say UNSERVE. Null: say nothing.</summary>
    public bool? Apply(SocketSupervisorProtocol.SocketStatusChanged status)
    {
        switch (status.State)
        {
            case SocketStates.Serving:
                var said = served.TryGetValue(status.SocketId, out var version) && version == status.ConfigVersion;
                served[status.SocketId] = status.ConfigVersion;
                return said ? null : true;

            // A socket that starts (again) will say within moments which it is; its offers are answered meanwhile.
            case SocketStates.Starting:
                return null;

            default:
                refused.Remove(status.SocketId);
                lamps.Remove(status.SocketId);
                answers = answers.Remove(status.SocketId);
                return served.Remove(status.SocketId) ? false : null;
        }
    }

    /// <summary>True when this refusal is the first for the socket, so worth a record.</summary>
    public bool Answered(SocketId socketId, ServeCode code, DateTimeOffset now)
    {
        if (served.ContainsKey(socketId) && answers.GetValueOrDefault(socketId)?.Code != code)
            answers = answers.SetItem(socketId, new ServeAnswer(code, now));
        if (code == ServeCode.Accepted || !served.ContainsKey(socketId))
        {
            refused.Remove(socketId);
            return false;
        }

        return refused.Add(socketId);
    }
}
