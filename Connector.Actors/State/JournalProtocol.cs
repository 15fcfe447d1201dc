using System.Collections.Immutable;
using Akka.Actor;
using Google.Protobuf;

namespace Connector.Actors.State;

/// <summary>Messages of the JournalActors below <c>/user/state-file</c>. Everything stays in this process.</summary>
internal static class JournalProtocol
{
    /// <summary>From the journal's owner, one at a time: answered with <see cref="Written"/>; a failure is told by StateFileActor.</summary>
    public sealed record Append(IMessage Entry) : INoSerializationVerificationNeeded;

    /// <summary>From the journal's owner, one at a time: from now on this stands for everything before. Answered with <see cref="Written"/>.</summary>
    public sealed record Replace(IMessage Snapshot) : INoSerializationVerificationNeeded;

    /// <summary>On disk.</summary>
    public sealed record Written : INoSerializationVerificationNeeded
    {
        public static readonly Written Instance = new();
    }

    /// <summary>To StateFileActor.</summary>
    /// <param name="EntriesSize">In bytes.</param>
    public sealed record Recovered(IMessage? Snapshot, ImmutableArray<IMessage> Entries, long EntriesSize) : INoSerializationVerificationNeeded;

    /// <summary>To StateFileActor; the journal ends with it.</summary>
    public sealed record Failed(Exception Cause) : INoSerializationVerificationNeeded;

    /// <summary>To StateFileActor, once: the file can be written.</summary>
    public sealed record Works : INoSerializationVerificationNeeded
    {
        public static readonly Works Instance = new();
    }
}
