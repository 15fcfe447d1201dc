using System.Collections.Immutable;
using Akka.Actor;
using Google.Protobuf;

namespace Connector.Actors.State;

/// <summary>Messages of <c>/user/state-file</c>. Everything stays in this process.</summary>
internal static class StateFileProtocol
{
    /// <summary>
    /// The sender becomes the owner of the journal with this name. It is told <see cref="JournalOpened"/> or <see cref="JournalLost"/> within a
    /// bounded time, and from then on each time that one becomes the other.
    /// </summary>
    public sealed record OpenJournal(string Name) : INoSerializationVerificationNeeded;

    /// <summary>To the owner: what the journal holds. When the owner has newer things, it writes them.</summary>
    /// <param name="Journal">Takes what <see cref="JournalProtocol"/> has for it.</param>
    public sealed record JournalOpened(IActorRef Journal, IMessage? Snapshot, ImmutableArray<IMessage> Entries, long EntriesSize)
        : INoSerializationVerificationNeeded;

    /// <summary>To the owner: nothing can be kept for now, and nobody knows whether the last write was. It goes on without.</summary>
    public sealed record JournalLost(string Reason) : INoSerializationVerificationNeeded;

    /// <summary>From the owner: the entries are well-formed and make no sense together. The file is replaced.</summary>
    public sealed record JournalSenseless(string Name, string Reason) : INoSerializationVerificationNeeded;

    /// <summary>To the owner: write what is left. Answered with <see cref="JournalFlushed"/>; nothing may follow it.</summary>
    public sealed record FlushJournal : INoSerializationVerificationNeeded
    {
        public static readonly FlushJournal Instance = new();
    }

    public sealed record JournalFlushed : INoSerializationVerificationNeeded
    {
        public static readonly JournalFlushed Instance = new();
    }

    /// <summary>For good. Answered with <see cref="StateFileClosed"/> within a bounded time.</summary>
    public sealed record CloseStateFile : INoSerializationVerificationNeeded
    {
        public static readonly CloseStateFile Instance = new();
    }

    /// <summary>Nothing is written any more, and no connection to the file is open.</summary>
    public sealed record StateFileClosed : INoSerializationVerificationNeeded
    {
        public static readonly StateFileClosed Instance = new();
    }
}
