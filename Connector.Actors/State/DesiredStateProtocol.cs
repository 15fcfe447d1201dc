using System.Collections.Immutable;
using Akka.Actor;
using Connector.Protocol;
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

    /// <summary>From the control session: the whole set of edges. Handed on to the links, and held for the next start.</summary>
    public sealed record HoldEdges(Edges Edges) : INoSerializationVerificationNeeded;

    /// <summary>From the control session: this replica's own ticket. Handed on to the links, and held for the next start.</summary>
    public sealed record HoldTicket(Secret Ticket) : INoSerializationVerificationNeeded;

    /// <summary>Held in memory, and on its way to the sockets in order. Not a word of the disk: serving does not wait for it.</summary>
    public sealed record DesiredStateApplied(int Attempt, DesiredStateVersion Version);

    /// <summary>
    /// Answered with <see cref="DesiredStateState"/>, but not before it is known what an earlier start held: who asks this first, and then opens
    /// the control session, finds the sockets on their way and knows the version for hello. Bounded by some ten seconds.
    /// </summary>
    public sealed record GetDesiredState
    {
        public static readonly GetDesiredState Instance = new();
    }

    public sealed record DesiredStateState(DesiredStateVersion Version, int Sockets, ImmutableArray<PluginDefinition> Plugins);

    /// <summary>
    /// For good: write what is left, then let go of the state file, so that a successor of this process can have the state directory. Serving goes
    /// on. Answered with <see cref="PersistingStopped"/> within a bounded time.
    /// </summary>
    public sealed record StopPersisting
    {
        public static readonly StopPersisting Instance = new();
    }

    /// <summary>Nothing is written any more, and no connection to the state file is open.</summary>
    public sealed record PersistingStopped
    {
        public static readonly PersistingStopped Instance = new();
    }

    /// <summary>Published on the system's event stream after each applied push, and once when what an earlier start held was applied.</summary>
    public sealed record DesiredStateChanged(DesiredStateVersion Version, int Sockets, int Plugins);

    /// <summary>Published on the system's event stream with each change.</summary>
    /// <param name="State">idle, scanning, waiting, failed, or gone.</param>
    public sealed record PluginStatusChanged(PluginId PluginId, string State, string Reason);
}
