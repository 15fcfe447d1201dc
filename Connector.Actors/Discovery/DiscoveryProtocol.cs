using System.Collections.Immutable;
using Akka.Actor;
using Connector.Actors.State;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.Discovery;

/// <summary>Messages around <c>/discovery</c>. Local: wherever it runs, the agent and the desired state of that replica are in the same process.</summary>
public static class DiscoveryProtocol
{
    /// <summary>To the desired state: the plugins now, and again with each change. The last one who asks is told.</summary>
    public sealed record WatchPlugins : INoSerializationVerificationNeeded
    {
        public static readonly WatchPlugins Instance = new();
    }

    /// <summary>The whole set of plugins to run.</summary>
    public sealed record PluginsWanted(ImmutableArray<PluginDefinition> Plugins) : INoSerializationVerificationNeeded;

    /// <summary>To the agent: discovery runs here from now on.</summary>
    public sealed record UseDiscovery(IActorRef Discovery) : INoSerializationVerificationNeeded;

    /// <summary>From the agent: reports are taken from now on; what was not taken is to be said again.</summary>
    public sealed record ReportsTaken : INoSerializationVerificationNeeded
    {
        public static readonly ReportsTaken Instance = new();
    }

    /// <summary>From the control plane: scan now.</summary>
    public sealed record DiscoverNow(PluginId PluginId, string RequestId) : INoSerializationVerificationNeeded;

    /// <summary>From the control plane: does anybody accept connections where these were found? Answered by a report.</summary>
    public sealed record Dial(DialResources Resources) : INoSerializationVerificationNeeded;

    /// <summary>To the agent: for the control plane, all or nothing. Answered with <see cref="NotTaken"/> when no session is open.</summary>
    /// <param name="Tag">Comes back with the answer.</param>
    public sealed record Report(object Tag, ImmutableArray<ControlStreamRequest> Requests) : INoSerializationVerificationNeeded;

    public sealed record NotTaken(object Tag) : INoSerializationVerificationNeeded;
}
