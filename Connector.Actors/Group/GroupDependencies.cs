using Akka.Actor;
using Akka.Actor.Setup;
using Connector.Actors.Control;

namespace Connector.Actors.Group;

/// <summary>What a group system is made with, the same for each of its lives.</summary>
/// <param name="Logging">Where its actors log to.</param>
internal sealed record GroupDependencies(
    GroupSettings Settings, ControlSessionSettings Session, IControlTransport Transport, IGroupVerdicts Verdicts, Setup Logging, TimeProvider Time, Func<double> Random)
{
    /// <summary>Of the PluginSupervisor; null where plugins are not run.</summary>
    public Props? Discovery { get; init; }

    /// <summary>Put before everything else; for tests.</summary>
    public string ExtraHocon { get; init; } = "";

    /// <summary>Told of each group system; for tests, which cut its connections.</summary>
    public Action<ActorSystem> Started { get; init; } = static _ => { };
}
