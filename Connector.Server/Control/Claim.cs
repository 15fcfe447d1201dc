using System.Collections.Immutable;
using Connector.Protocol.Ids;

namespace Connector.Server.Control;

/// <summary>A control stream that asks to become the control session of its connector. Its token's signature is verified already.</summary>
/// <param name="StreamId">Unique in this process; never reused.</param>
/// <param name="Identity">What a signed hello proved; null for a peer without our features.</param>
/// <param name="Challengeable">The peer answers a challenge.</param>
/// <param name="ChallengeNonce">Random; sent to the live session when this claim challenges it. The claimer never sees it.</param>
internal sealed record Claim(
    long StreamId,
    string TokenId,
    DateTimeOffset? TokenExpiresAt,
    ClaimIdentity? Identity,
    bool Challengeable,
    ImmutableArray<byte> ChallengeNonce,
    string RemoteAddress)
{
    /// <summary>The group system that claims; null for a replica that runs alone.</summary>
    public GroupBootId? GroupBootId { get; init; }

    /// <summary>Names the claimer in reports: its key where it has one, else where it comes from.</summary>
    public string Claimer => Identity is { } identity ? $"{identity.Key}/{identity.BootId}" : RemoteAddress;

    public bool IsSameProcessAs(Claim other)
        => Identity is { } mine && other.Identity is { } theirs && mine.Key == theirs.Key && mine.BootId == theirs.BootId;

    public bool SharesKeyWith(Claim other) => Identity is { } mine && other.Identity is { } theirs && mine.Key == theirs.Key;

    /// <summary>For log records: who this is, as far as it is known.</summary>
    public string Describe()
        => Identity is { } identity ? $"replica {identity.ReplicaId} (boot {identity.BootId}) at {RemoteAddress}" : $"a client without a replica key at {RemoteAddress}";
}

/// <summary>A replica's identity as its signed hello says and proves it.</summary>
internal sealed record ClaimIdentity(ReplicaId ReplicaId, BootId BootId, KeyThumbprint Key);
