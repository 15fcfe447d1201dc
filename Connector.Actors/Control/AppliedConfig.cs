using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.Control;

/// <summary>The configuration that this replica has, and whether the control plane was told. Not thread-safe: it belongs to one actor.</summary>
internal sealed class AppliedConfig(ReplicaId replicaId)
{
    private DesiredStateVersion untold = DesiredStateVersion.None;

    /// <summary>Survives the streams.</summary>
    public DesiredStateVersion Held { get; private set; } = DesiredStateVersion.None;

    /// <summary>What was there before, from the replica's own journal.</summary>
    public void Hold(DesiredStateVersion version) => Held = version;

    public void Add(DesiredStateVersion version) => Held = untold = version;

    /// <summary>What was applied on another stream is not reported on this one: hello says it.</summary>
    public void NewStream() => untold = DesiredStateVersion.None;

    /// <summary>Null when there is nothing to tell.</summary>
    public ControlStreamRequest? Take()
    {
        if (untold == DesiredStateVersion.None)
            return null;
        var message = new ControlStreamRequest
        {
            ConfigApplied = new ConfigApplied
            {
                ConfigVersion = new ConfigVersion { Incarnation = untold.Incarnation, Number = untold.Number },
                ReplicaId = replicaId.Value,
            },
        };
        untold = DesiredStateVersion.None;
        return message;
    }
}
