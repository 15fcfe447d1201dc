using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf;

namespace Connector.Server.Control;

/// <summary>A hello whose signature proves that the sender has the replica key now: it covers this stream's nonce.</summary>
/// <param name="Members">The other replicas of the group that the sender knows.</param>
internal sealed record VerifiedHello(ClaimIdentity Identity, string Version, DesiredStateVersion Applied, DateTimeOffset? SentAt, ImmutableArray<ClaimIdentity> Members)
{
    public const int NonceSize = 32;
    public const int MaxMembers = 64;
    private const int MaxBodySize = 64 * 1024;

    /// <summary>Of the group system that claims; null for a replica that runs alone.</summary>
    public GroupBootId? GroupBootId { get; init; }

    /// <param name="reason">Why not, in words fit for the stream's status, when the result is false.</param>
    public static bool TryVerify(
        Hello hello, ReadOnlySpan<byte> nonce, ConnectorId connectorId, [NotNullWhen(true)] out VerifiedHello? verified, [NotNullWhen(false)] out string? reason)
    {
        verified = null;
        if (hello.Body.Length > MaxBodySize)
        {
            reason = $"hello is {hello.Body.Length} bytes long, at most {MaxBodySize} are accepted";
            return false;
        }

        HelloBody body;
        try
        {
            body = HelloBody.Parser.ParseFrom(hello.Body);
        }
        catch (InvalidProtocolBufferException)
        {
            reason = "the body of hello cannot be decoded";
            return false;
        }

        if (!SignedMember.TryRead(body.Self, "hello", out var self, out reason))
        {
            return false;
        }

        var signed = new byte[nonce.Length + hello.Body.Length];
        nonce.CopyTo(signed);
        hello.Body.Span.CopyTo(signed.AsSpan(nonce.Length));
        if (!SignedMember.IsSigned(signed, hello.Signature.Span, body.Self.PublicKey.Span, "hello", "its public key, its body and this stream's nonce", out reason))
        {
            return false;
        }

        if (!string.Equals(body.ConnectorId, connectorId.Value, StringComparison.OrdinalIgnoreCase))
        {
            reason = $"hello is for connector {SignedMember.Shown(body.ConnectorId)}, the token is for connector {connectorId}";
            return false;
        }

        if (body.Members.Count > MaxMembers)
        {
            reason = $"hello names {body.Members.Count} group members, at most {MaxMembers} are accepted";
            return false;
        }

        var members = ImmutableArray.CreateBuilder<ClaimIdentity>(body.Members.Count);
        foreach (var entry in body.Members)
        {
            if (!SignedMember.TryRead(entry, "hello", out var member, out reason))
            {
                return false;
            }

            members.Add(member);
        }

        if (body.GroupBootId.Length is not (0 or Protocol.Ids.GroupBootId.Size))
        {
            reason = $"the group boot id in hello is not {Protocol.Ids.GroupBootId.Size} bytes long";
            return false;
        }

        reason = null;
        verified = new VerifiedHello(
            self, SignedMember.Shown(body.Version), new DesiredStateVersion(SignedMember.Shown(body.AppliedIncarnation), body.AppliedNumber),
            SignedMember.Time(body.SentAt), members.DrainToImmutable())
        {
            GroupBootId = body.GroupBootId.IsEmpty ? null : Protocol.Ids.GroupBootId.Read(body.GroupBootId.Span),
        };
        return true;
    }
}
