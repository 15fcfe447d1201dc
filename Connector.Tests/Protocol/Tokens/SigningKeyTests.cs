using System.Security.Cryptography;
using Connector.Protocol.Tokens;
using Xunit;

namespace Connector.Tests.Protocol.Tokens;

[Trait("kind", Kinds.Pure)]
public sealed class SigningKeyTests
{
    [Fact]
    public void Key_survives_export_and_import()
    {
        using var first = SigningKey.Create();
        using var second = SigningKey.Import(first.ExportPem());

        Assert.Equal(first.KeyId, second.KeyId);
        Assert.Equal(first.PublicKey.SubjectPublicKeyInfo, second.PublicKey.SubjectPublicKeyInfo);
    }

    [Fact]
    public void Two_keys_have_two_ids()
    {
        using var first = SigningKey.Create();
        using var second = SigningKey.Create();

        Assert.NotEqual(first.KeyId, second.KeyId);
    }

    [Fact]
    public void Key_on_another_curve_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP384);

        Assert.Contains("P-256", Assert.Throws<FormatException>(() => SigningKey.Import(other.ExportPkcs8PrivateKeyPem())).Message);
    }

    [Fact]
    public void Public_half_alone_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);

        Assert.Throws<FormatException>(() => SigningKey.Import(other.ExportSubjectPublicKeyInfoPem()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")]
    public void Garbage_is_refused(string pem) => Assert.Throws<FormatException>(() => SigningKey.Import(pem));
}
