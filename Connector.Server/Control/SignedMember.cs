using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Google.Protobuf.WellKnownTypes;

namespace Connector.Server.Control;

/// <summary>Reads and proves what replicas say of themselves in signed messages. Everything is bounded before it is used.</summary>
internal static class SignedMember
{
    public const int MaxTextLength = 128;
    private const int MaxKeySize = 256;
    private const string P256 = "1.2.840.10045.3.1.7";

    /// <summary>What a peer wrote, bounded for records and messages.</summary>
    public static string Shown(string text) => text.Length <= MaxTextLength ? text : text[..MaxTextLength];

    /// <summary>Null when there is none, or none that can be.</summary>
    public static DateTimeOffset? Time(Timestamp? time)
    {
        try
        {
            return time?.ToDateTimeOffset();
        }
        catch (Exception exception) when (exception is InvalidOperationException or ArgumentOutOfRangeException)
        {
            return null;
        }
    }

    /// <param name="message">What it is in, for the reason.</param>
    public static bool TryRead(
        GroupMember? member, string message, [NotNullWhen(true)] out ClaimIdentity? identity, [NotNullWhen(false)] out string? reason)
    {
        identity = null;
        reason = member switch
        {
            null => $"{message} does not say who sends it (self is missing)",
            { ReplicaId.Length: 0 or > MaxTextLength } => $"a replica id in {message} is empty or longer than {MaxTextLength} characters",
            { BootId.Length: not BootId.Size } => $"a boot id in {message} is not {BootId.Size} bytes long",
            { PublicKey.Length: 0 or > MaxKeySize } => $"a public key in {message} is missing or too long",
            _ => null,
        };
        if (reason is not null)
        {
            return false;
        }

        identity = new ClaimIdentity(new ReplicaId(member!.ReplicaId), BootId.Read(member.BootId.Span), KeyThumbprint.Of(member.PublicKey.Span));
        return true;
    }

    /// <param name="what">What the signature must fit, for the reason.</param>
    public static bool IsSigned(
        ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature, ReadOnlySpan<byte> publicKey, string message, string what,
        [NotNullWhen(false)] out string? reason)
    {
        reason = $"the signature of {message} does not fit {what}";
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(publicKey, out var read);
            if (read != publicKey.Length || key.ExportParameters(false).Curve.Oid.Value != P256)
            {
                reason = $"the public key in {message} is not a P-256 key";
                return false;
            }

            if (!key.VerifyData(signed, signature, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation))
            {
                return false;
            }

            reason = null;
            return true;
        }
        catch (CryptographicException)
        {
            reason = $"the public key in {message} is not a P-256 key";
            return false;
        }
    }
}
