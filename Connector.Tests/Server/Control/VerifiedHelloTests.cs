using System.Security.Cryptography;
using Connector.Protocol.Control.Wire;
using Connector.Protocol.Ids;
using Connector.Server.Control;
using Google.Protobuf;
using Xunit;

namespace Connector.Tests.Server.Control;

[Trait("kind", Kinds.Pure)]
public sealed class VerifiedHelloTests : IDisposable
{
    private static readonly ConnectorId ConnectorId = new("11111111-1111-1111-1111-111111111111");
    private readonly ECDsa key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly byte[] nonce = RandomNumberGenerator.GetBytes(VerifiedHello.NonceSize);

    [Fact]
    public void Hello_signed_over_this_nonce_proves_the_key()
    {
        var body = Body(key);
        body.Members.Add(Body(key).Self);

        Assert.True(VerifiedHello.TryVerify(Sign(body, key, nonce), nonce, ConnectorId, out var verified, out var reason), reason);

        Assert.Equal(KeyThumbprint.Of(key.ExportSubjectPublicKeyInfo()), verified.Identity.Key);
        Assert.Equal(BootId.Read(body.Self.BootId.Span), verified.Identity.BootId);
        Assert.Equal("replica", verified.Identity.ReplicaId.Value);
        Assert.Single(verified.Members);
    }

    [Fact]
    public void Group_boot_id_is_read_and_may_be_missing()
    {
        var id = GroupBootId.New();
        var body = Body(key);
        Assert.True(VerifiedHello.TryVerify(Sign(body, key, nonce), nonce, ConnectorId, out var alone, out _));
        body.GroupBootId = ByteString.CopyFrom(id.ToArray());
        Assert.True(VerifiedHello.TryVerify(Sign(body, key, nonce), nonce, ConnectorId, out var member, out _));

        Assert.Equal((null, (GroupBootId?)id), (alone.GroupBootId, member.GroupBootId));
    }

    [Fact]
    public void Hello_of_another_stream_is_refused()
        => Refused(Sign(Body(key), key, RandomNumberGenerator.GetBytes(32)), "signature");

    [Fact]
    public void Hello_signed_with_another_key_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        Refused(Sign(Body(key), other, nonce), "signature");
    }

    [Fact]
    public void Hello_changed_after_signing_is_refused()
    {
        var hello = Sign(Body(key), key, nonce);
        var body = HelloBody.Parser.ParseFrom(hello.Body);
        body.Version = "changed";
        hello.Body = body.ToByteString();
        Refused(hello, "signature");
    }

    [Fact]
    public void Hello_for_another_connector_is_refused()
    {
        var body = Body(key);
        body.ConnectorId = "22222222-2222-2222-2222-222222222222";
        Refused(Sign(body, key, nonce), "connector");
    }

    [Fact]
    public void Key_on_another_curve_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        Refused(Sign(Body(other), other, nonce), "P-256");
    }

    [Fact]
    public void Incomplete_or_oversized_hello_is_refused()
    {
        Refused(new Hello(), "self");
        Refused(new Hello { Body = ByteString.CopyFromUtf8("\u0001garbage"), Signature = ByteString.Empty }, "");
        Refused(new Hello { Body = ByteString.CopyFrom(new byte[70_000]) }, "at most");
        var body = Body(key);
        body.Self.BootId = ByteString.CopyFrom(new byte[15]);
        Refused(Sign(body, key, nonce), "boot id");
        body = Body(key);
        body.Self.ReplicaId = "";
        Refused(Sign(body, key, nonce), "replica id");
        body = Body(key);
        body.Self.PublicKey = ByteString.CopyFrom(new byte[40]);
        Refused(Sign(body, key, nonce), "P-256");
        body = Body(key);
        body.GroupBootId = ByteString.CopyFrom(new byte[15]);
        Refused(Sign(body, key, nonce), "group boot id");
        body = Body(key);
        body.Members.AddRange(Enumerable.Repeat(body.Self, VerifiedHello.MaxMembers + 1));
        Refused(Sign(body, key, nonce), "members");
    }

    public void Dispose() => key.Dispose();

    private static HelloBody Body(ECDsa key) => new()
    {
        ConnectorId = ConnectorId.Value.ToUpperInvariant(),
        Version = "1.2.3",
        Self = new GroupMember
        {
            ReplicaId = "replica",
            BootId = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(BootId.Size)),
            PublicKey = ByteString.CopyFrom(key.ExportSubjectPublicKeyInfo()),
        },
    };

    private static Hello Sign(HelloBody body, ECDsa key, byte[] nonce)
    {
        var bytes = body.ToByteArray();
        return new Hello
        {
            Body = ByteString.CopyFrom(bytes),
            Signature = ByteString.CopyFrom(key.SignData([.. nonce, .. bytes], HashAlgorithmName.SHA256, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)),
        };
    }

    private void Refused(Hello hello, string why)
    {
        Assert.False(VerifiedHello.TryVerify(hello, nonce, ConnectorId, out _, out var reason));
        Assert.Contains(why, reason, StringComparison.Ordinal);
    }
}
