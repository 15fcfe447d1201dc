using System.Collections.Immutable;
using Akka.Actor;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;

namespace Connector.Actors.State;

/// <summary>Messages of <c>/user/state</c>.</summary>
public static class DesiredStateProtocol
{
    /// <summary>From the control session: the whole state. Answered with <see cref="DesiredStateApplied"/>.</summary>
    /// <param name="Attempt">Of the stream it came from; comes back in the answer.</param>
    public sealed record ApplyInit(int Attempt, Init Init) : INoSerializationVerificationNeeded;

    /// <summary>From the control session: one change. Answered with <see cref="DesiredStateApplied"/>.</summary>
    public sealed record ApplyUpdate(int Attempt, UpdateConfig Update) : INoSerializationVerificationNeeded;

    /// <summary>Held, and on its way to the sockets in order.</summary>
    public sealed record DesiredStateApplied(int Attempt, DesiredStateVersion Version);

    /// <summary>Answered with <see cref="DesiredStateState"/>.</summary>
    public sealed record GetDesiredState
    {
        public static readonly GetDesiredState Instance = new();
    }

    public sealed record DesiredStateState(DesiredStateVersion Version, int Sockets, ImmutableArray<PluginDefinition> Plugins);

    /// <summary>Published on the system's event stream after each applied push.</summary>
    public sealed record DesiredStateChanged(DesiredStateVersion Version, int Sockets, int Plugins);

    /// <summary>Published on the system's event stream with each change.</summary>
    /// <param name="State">unsupported, failed, or gone.</param>
    public sealed record PluginStatusChanged(PluginId PluginId, string State, string Reason);
}
