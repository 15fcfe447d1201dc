using System.Collections.Immutable;
using Connector.Protocol.Ids;
using Grpc.Core;

namespace Connector.Server.Control;

/// <summary>What the entity has to carry out after a decision, in order.</summary>
internal abstract record SessionEffect
{
    private SessionEffect()
    {
    }

    /// <summary>Ask the store whether the claim's token is in force; answered by <see cref="ClaimDecision.TokenChecked"/>.</summary>
    public sealed record CheckToken(Claim Claim) : SessionEffect;

    /// <summary>Raise the epoch durably; answered by EpochRaised, EpochOvertaken or EpochFailed with the attempt.</summary>
    /// <param name="Expected">Null: not known, read it first.</param>
    public sealed record RaiseEpoch(long Attempt, Claim Claim, SessionEpoch? Expected) : SessionEffect;

    /// <summary>Challenge the live session and start the clock for the attempt.</summary>
    public sealed record SendChallenge(long Attempt, long LiveStreamId, ImmutableArray<byte> Nonce) : SessionEffect;

    /// <summary>The claim is the control session now; its epoch is committed.</summary>
    public sealed record Accept(LiveSession Session) : SessionEffect;

    /// <summary>End a stream: a refused claim or a session that is over.</summary>
    /// <param name="RetryAfter">The slot in which the peer should try again; null where trying again is pointless.</param>
    public sealed record End(long StreamId, StatusCode Code, string Reason, TimeSpan? RetryAfter = null) : SessionEffect;

    /// <summary>A record for the connector's log.</summary>
    public sealed record Record(string Severity, string Message) : SessionEffect;
}
