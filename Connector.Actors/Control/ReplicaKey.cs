using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Google.Protobuf;

namespace Connector.Actors.Control;

/// <summary>The replica's P-256 key, as far as the control session needs it. The owner of the key disposes it.</summary>
public sealed class ReplicaKey
{
    private readonly ECDsa key;

    public ReplicaKey(ECDsa key)
    {
        this.key = key;
        SubjectPublicKeyInfo = ByteString.CopyFrom(key.ExportSubjectPublicKeyInfo());
    }

    internal ByteString SubjectPublicKeyInfo { get; }

    /// <summary>ECDSA P-256 with SHA-256 in IEEE P1363 form over the nonce followed by the body.</summary>
    internal Hello Sign(ReadOnlySpan<byte> nonce, HelloBody body)
    {
        var bytes = body.ToByteArray();
        return new Hello { Body = UnsafeByteOperations.UnsafeWrap(bytes), Signature = Signature([.. nonce, .. bytes]) };
    }

    internal GroupQuestion Sign(GroupQuestionBody body)
    {
        var bytes = body.ToByteArray();
        return new GroupQuestion { Body = UnsafeByteOperations.UnsafeWrap(bytes), Signature = Signature(bytes) };
    }

    private ByteString Signature(byte[] signed)
        => UnsafeByteOperations.UnsafeWrap(key.SignData(signed, HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation));
}
