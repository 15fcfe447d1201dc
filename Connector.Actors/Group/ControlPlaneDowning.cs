using Akka.Actor;
using Akka.Cluster;

namespace Connector.Actors.Group;

/// <summary>Members are downed on the control plane's verdict and on nothing else. Named in the group system's configuration.</summary>
public sealed class ControlPlaneDowning(ActorSystem system, Cluster cluster) : IDowningProvider
{
    /// <summary>None: the control plane has fenced who was removed before it answers.</summary>
    public TimeSpan DownRemovalMargin => TimeSpan.Zero;

    public Props DowningActorProps => DowningActor.Props(
        system.Settings.Setup.Get<GroupSystemSetup>().Value ?? throw new InvalidOperationException($"the group system was made without its {nameof(GroupSystemSetup)}"), cluster);
}
