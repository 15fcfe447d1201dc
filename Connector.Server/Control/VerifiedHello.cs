using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
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
    private const int MaxKeySize = 256;
    private const int MaxTextLength = 128;
    private const string P256 = "1.2.840.10045.3.1.7";

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

        if (!TryRead(body.Self, out var self, out reason) || !IsSigned(hello, nonce, body.Self.PublicKey.Span, out reason))
        {
            return false;
        }

        if (!string.Equals(body.ConnectorId, connectorId.Value, StringComparison.OrdinalIgnoreCase))
        {
            reason = $"hello is for connector {Shown(body.ConnectorId)}, the token is for connector {connectorId}";
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
            if (!TryRead(entry, out var member, out reason))
            {
                return false;
            }

            members.Add(member);
        }

        reason = null;
        verified = new VerifiedHello(
            self, Shown(body.Version), new DesiredStateVersion(Shown(body.AppliedIncarnation), body.AppliedNumber), Time(body), members.DrainToImmutable());
        return true;
    }

    /// <summary>What a peer wrote, bounded for records and messages.</summary>
    private static string Shown(string text) => text.Length <= MaxTextLength ? text : text[..MaxTextLength];

    private static DateTimeOffset? Time(HelloBody body)
    {
        try
        {
            return body.SentAt?.ToDateTimeOffset();
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool TryRead(GroupMember? member, [NotNullWhen(true)] out ClaimIdentity? identity, [NotNullWhen(false)] out string? reason)
    {
        identity = null;
        reason = member switch
        {
            null => "hello does not say who sends it (self is missing)",
            { ReplicaId.Length: 0 or > MaxTextLength } => $"a replica id in hello is empty or longer than {MaxTextLength} characters",
            { BootId.Length: not BootId.Size } => $"a boot id in hello is not {BootId.Size} bytes long",
            { PublicKey.Length: 0 or > MaxKeySize } => "a public key in hello is missing or too long",
            _ => null,
        };
        if (reason is not null)
        {
            return false;
        }

        identity = new ClaimIdentity(new ReplicaId(member!.ReplicaId), BootId.Read(member.BootId.Span), KeyThumbprint.Of(member.PublicKey.Span));
        return true;
    }

    private static bool IsSigned(Hello hello, ReadOnlySpan<byte> nonce, ReadOnlySpan<byte> publicKey, [NotNullWhen(false)] out string? reason)
    {
        reason = "the signature of hello does not fit its public key, its body and this stream's nonce";
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(publicKey, out var read);
            if (read != publicKey.Length || key.ExportParameters(false).Curve.Oid.Value != P256)
            {
                reason = "the public key in hello is not a P-256 key";
                return false;
            }

            var signed = new byte[nonce.Length + hello.Body.Length];
            nonce.CopyTo(signed);
            hello.Body.Span.CopyTo(signed.AsSpan(nonce.Length));
            if (!key.VerifyData(signed, hello.Signature.Span, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
            {
                return false;
            }

            reason = null;
            return true;
        }
        catch (CryptographicException)
        {
            reason = "the public key in hello is not a P-256 key";
            return false;
        }
    }
}
