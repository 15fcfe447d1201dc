using Akka.Actor;

namespace Connector.Actors.Sockets;

/// <summary>What SocketSupervisor knows of one socket. Owned by that actor alone.</summary>
internal sealed class SocketEntry(SocketDefinition definition, long configVersion, RestartBudget budget, DateTimeOffset now)
{
    public SocketDefinition Definition { get; private set; } = definition;

    /// <summary>The desired state in which this definition appeared.</summary>
    public long ConfigVersion { get; private set; } = configVersion;

    public RestartBudget Budget { get; private set; } = budget;

    /// <summary>Null while none runs: after a crash, until it is started again.</summary>
    public IActorRef? Actor { get; set; }

    public int LiveStreams { get; set; }

    /// <summary>Why the actor crashed last.</summary>
    public string Crash { get; set; } = "it stopped";

    public string State { get; private set; } = SocketStates.Starting;

    public string Reason { get; private set; } = "";

    public string Upstream { get; private set; } = "-";

    public DateTimeOffset Since { get; private set; } = now;

    /// <summary>What was published last, so that only changes are.</summary>
    public SocketSupervisorProtocol.SocketStatusChanged? Published { get; set; }

    /// <summary>New configuration gives a new chance: the budget starts over.</summary>
    public void Redefine(SocketDefinition changed, long version, RestartBudget fresh)
    {
        Definition = changed;
        ConfigVersion = version;
        Budget = fresh;
    }

    /// <summary>False when nothing changed.</summary>
    public bool Enter(string state, string reason, string upstream, DateTimeOffset now)
    {
        if (State == state && Reason == reason && Upstream == upstream)
            return false;
        if (State != state)
            Since = now;
        (State, Reason, Upstream) = (state, reason, upstream);
        return true;
    }

    public SocketSupervisorProtocol.SocketStatusChanged Status()
        => new(Definition.Id, Definition.Name, State, Reason, ConfigVersion, LiveStreams, Since);
}
