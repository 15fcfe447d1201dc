using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace Connector.Tests.Protocol.Tokens;

[Trait("kind", Kinds.Pure)]
public sealed class TokenVerifierTests : IDisposable
{
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);
    private static readonly string Pin = "sha256/" + Convert.ToBase64String(SHA256.HashData("ca"u8));

    private readonly SigningKey key = SigningKey.Create();
    private readonly FakeTimeProvider time = new(Now);

    private static ConnectorTokenClaims Claims => new(
        "token-1", new ConnectorId("c0ffee00-0000-4000-8000-000000000001"), "org-1", new Uri("https://border0.example.com:8443"),
        [Pin], Now, null);

    private static TicketClaims Ticket => new(
        "ticket-1", new ConnectorId("c0ffee00-0000-4000-8000-000000000001"), "org-1", new ReplicaId("replica-1"),
        KeyThumbprint.Of("spki"u8), Now, Now.AddHours(24));

    private TokenIssuer Issuer => new(key);

    private TokenVerifier Verifier => new([key.PublicKey], time);

    public void Dispose() => key.Dispose();

    [Fact]
    public void Connector_token_that_is_genuine_gives_back_every_claim()
    {
        var expected = Claims with { ExpiresAt = Now.AddDays(1) };

        Assert.True(Verifier.TryVerifyConnectorToken(Issuer.IssueConnectorToken(expected), out var claims, out var reason), reason);

        Assert.Equivalent(expected, claims, strict: true);
        Assert.Equal(expected.ServerUrl.OriginalString, claims.ServerUrl.OriginalString);
        Assert.Equal([Pin], claims.CaPins);
    }

    [Fact]
    public void Connector_token_without_expiry_is_valid_for_ever()
    {
        var token = Issuer.IssueConnectorToken(Claims);
        time.Advance(TimeSpan.FromDays(4000));

        Assert.True(Verifier.TryVerifyConnectorToken(token, out var claims, out var reason), reason);
        Assert.Null(claims.ExpiresAt);
    }

    [Fact]
    public void Ticket_that_is_genuine_gives_back_every_claim()
    {
        Assert.True(Verifier.TryVerifyTicket(Issuer.IssueTicket(Ticket), out var claims, out var reason), reason);

        Assert.Equal(Ticket, claims);
    }

    [Fact]
    public void Ticket_holds_the_thumbprint_where_the_format_says()
    {
        using var payload = JsonDocument.Parse(Base64Url.DecodeFromChars(Issuer.IssueTicket(Ticket).Split('.')[1]));

        Assert.Equal(Ticket.Thumbprint.Value, payload.RootElement.GetProperty("cnf").GetProperty("spki#S256").GetString());
        Assert.Equal("border0-edge", payload.RootElement.GetProperty("aud").GetString());
    }

    [Fact]
    public void Ticket_never_passes_as_a_connector_token()
    {
        Assert.False(Verifier.TryVerifyConnectorToken(Issuer.IssueTicket(Ticket), out _, out var reason));
        Assert.Contains("border0-connector", reason);
    }

    [Fact]
    public void Connector_token_never_passes_as_a_ticket()
    {
        Assert.False(Verifier.TryVerifyTicket(Issuer.IssueConnectorToken(Claims), out _, out var reason));
        Assert.Contains("border0-edge", reason);
    }

    [Fact]
    public void Token_is_accepted_until_the_leeway_is_over_and_then_names_both_times()
    {
        var token = Issuer.IssueTicket(Ticket with { ExpiresAt = Now.AddMinutes(1) });

        time.SetUtcNow(Now.AddMinutes(1).AddSeconds(30));
        Assert.True(Verifier.TryVerifyTicket(token, out _, out _));

        time.SetUtcNow(Now.AddMinutes(1).AddSeconds(31));
        Assert.False(Verifier.TryVerifyTicket(token, out _, out var reason));
        Assert.Contains("2026-05-04 12:01:00 UTC", reason);
        Assert.Contains("2026-05-04 12:01:31 UTC", reason);
    }

    [Fact]
    public void Token_from_the_future_names_both_times()
    {
        var token = Issuer.IssueConnectorToken(Claims with { IssuedAt = Now.AddSeconds(31) });

        Assert.False(Verifier.TryVerifyConnectorToken(token, out _, out var reason));
        Assert.Contains("not valid yet", reason);
        Assert.Contains("2026-05-04 12:00:31 UTC", reason);
        Assert.Contains("2026-05-04 12:00:00 UTC", reason);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(Verifier.TryVerifyConnectorToken(token, out _, out _));
    }

    [Fact]
    public void Token_of_another_key_is_refused()
    {
        using var other = SigningKey.Create();

        Assert.False(Verifier.TryVerifyConnectorToken(new TokenIssuer(other).IssueConnectorToken(Claims), out _, out var reason));
        Assert.Contains("another server", reason);
    }

    [Fact]
    public void Token_of_another_key_under_our_key_id_is_refused()
    {
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var token = Forge(new SigningCredentials(new ECDsaSecurityKey(other) { KeyId = key.KeyId }, SecurityAlgorithms.EcdsaSha256));

        Assert.False(Verifier.TryVerifyConnectorToken(token, out _, out var reason));
        Assert.Contains("signature", reason);
    }

    [Fact]
    public void Token_of_any_of_several_keys_is_accepted()
    {
        using var next = SigningKey.Create();
        var verifier = new TokenVerifier([key.PublicKey, next.PublicKey], time);

        Assert.True(verifier.TryVerifyConnectorToken(Issuer.IssueConnectorToken(Claims), out _, out _));
        Assert.True(verifier.TryVerifyConnectorToken(new TokenIssuer(next).IssueConnectorToken(Claims), out _, out _));
    }

    [Fact]
    public void Token_outlives_the_key_object_that_signed_it()
    {
        string token;
        VerificationKey publicKey;
        using (var first = SigningKey.Create())
        {
            token = new TokenIssuer(first).IssueConnectorToken(Claims);
            publicKey = first.PublicKey;
        }

        Assert.True(new TokenVerifier([publicKey], time).TryVerifyConnectorToken(token, out _, out var reason), reason);
    }

    [Fact]
    public void Token_signed_with_the_public_key_as_a_shared_secret_is_refused()
    {
        var secret = new SymmetricSecurityKey([.. key.PublicKey.SubjectPublicKeyInfo]) { KeyId = key.KeyId };

        Assert.False(Verifier.TryVerifyConnectorToken(
            Forge(new SigningCredentials(secret, SecurityAlgorithms.HmacSha256)), out _, out var reason));
        Assert.Contains("ES256", reason);
    }

    [Fact]
    public void Token_signed_with_other_algorithms_is_refused()
    {
        using var rsa = RSA.Create(2048);
        using var p384 = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        SigningCredentials[] others =
        [
            new(new RsaSecurityKey(rsa) { KeyId = key.KeyId }, SecurityAlgorithms.RsaSha256),
            new(new ECDsaSecurityKey(p384) { KeyId = key.KeyId }, SecurityAlgorithms.EcdsaSha384),
        ];

        Assert.All(others, credentials =>
        {
            Assert.False(Verifier.TryVerifyConnectorToken(Forge(credentials), out _, out var reason));
            Assert.Contains("ES256", reason);
        });
    }

    [Theory]
    [InlineData("none")]
    [InlineData("None")]
    [InlineData("es256")]
    [InlineData("")]
    public void Token_without_a_signature_is_refused(string algorithm)
    {
        var parts = Issuer.IssueConnectorToken(Claims).Split('.');
        var header = Base64Url.EncodeToString(Encoding.UTF8.GetBytes(
            JsonSerializer.Serialize(new Dictionary<string, string> { ["alg"] = algorithm, ["kid"] = key.KeyId })));

        Assert.False(Verifier.TryVerifyConnectorToken($"{header}.{parts[1]}.", out _, out var reason));
        Assert.Contains("ES256", reason);
    }

    [Fact]
    public void Token_with_our_header_but_an_empty_signature_is_refused()
    {
        var parts = Issuer.IssueConnectorToken(Claims).Split('.');

        Assert.False(Verifier.TryVerifyConnectorToken($"{parts[0]}.{parts[1]}.", out _, out _));
    }

    [Fact]
    public void Token_longer_than_the_bound_is_refused_unread()
    {
        Assert.False(Verifier.TryVerifyConnectorToken(new string('a', 16 * 1024 + 1), out _, out var reason));
        Assert.Contains("16384", reason);
    }

    [Theory]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("..")]
    [InlineData("a.b")]
    [InlineData("a.b.c.d.e")]
    [InlineData("!!!.???.***")]
    public void Garbage_is_refused_with_a_reason(string token)
    {
        Assert.False(Verifier.TryVerifyConnectorToken(token, out _, out var reason));
        Assert.NotEmpty(reason);
        Assert.False(Verifier.TryVerifyTicket(token, out _, out reason));
        Assert.NotEmpty(reason);
    }

    [Fact]
    public void Any_garbage_is_refused_without_an_exception() => Gen.String.Sample(token =>
    {
        var refused = !Verifier.TryVerifyConnectorToken(token, out _, out var first) & !Verifier.TryVerifyTicket(token, out _, out var second);
        return refused && first is { Length: > 0 } && second is { Length: > 0 };
    }, iter: 500);

    [Fact]
    public void Any_garbage_in_the_three_parts_is_refused_without_an_exception()
        => Gen.Select(Gen.Byte.Array[0, 60], Gen.Byte.Array[0, 60], Gen.Byte.Array[0, 80]).Sample((header, payload, signature) =>
        {
            var token = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}.{Base64Url.EncodeToString(signature)}";
            return !Verifier.TryVerifyConnectorToken(token, out _, out var reason) && reason.Length > 0;
        }, iter: 500);

    [Fact]
    public void A_change_of_any_character_is_refused()
    {
        var token = Issuer.IssueConnectorToken(Claims);
        // The last character of a base64url part may carry bits that are not used: only the others must each matter.
        var places = Enumerable.Range(0, token.Length - 1).Where(at => token[at] != '.' && token[at + 1] != '.').ToArray();

        Gen.Select(Gen.Int[0, places.Length - 1].Select(index => places[index]), Gen.Char["ABCxyz019-_.!=\u00e9"]).Sample((at, letter) =>
        {
            if (token[at] == letter)
            {
                return true;
            }

            var changed = token[..at] + letter + token[(at + 1)..];
            return !Verifier.TryVerifyConnectorToken(changed, out _, out var reason) && reason.Length > 0;
        }, iter: 500);
    }

    [Theory]
    [InlineData("jti")]
    [InlineData("connector_id")]
    [InlineData("org_id")]
    [InlineData("url")]
    [InlineData("iat")]
    [InlineData("aud")]
    public void Token_without_a_claim_names_it(string claim)
    {
        var token = Forge(OurCredentials(), payload => payload.Remove(claim));

        Assert.False(Verifier.TryVerifyConnectorToken(token, out _, out var reason));
        Assert.Contains(claim, reason);
    }

    [Theory]
    [InlineData("connector_id", 7)]
    [InlineData("org_id", "")]
    [InlineData("url", "ftp://example.com")]
    [InlineData("url", "not a url")]
    [InlineData("ca_pins", "sha256/abc")]
    [InlineData("iat", "yesterday")]
    [InlineData("exp", -5)]
    public void Token_with_a_claim_of_the_wrong_shape_names_it(string claim, object value)
    {
        var token = Forge(OurCredentials(), payload => payload[claim] = value);

        Assert.False(Verifier.TryVerifyConnectorToken(token, out _, out var reason));
        Assert.Contains(claim, reason);
    }

    [Fact]
    public void Reader_reads_without_verifying()
    {
        using var other = SigningKey.Create();

        var claims = ConnectorTokenReader.Read(new Secret(new TokenIssuer(other).IssueConnectorToken(Claims)));

        Assert.Equal(Claims.ConnectorId, claims.ConnectorId);
        Assert.Equal([Pin], claims.CaPins);
    }

    [Fact]
    public void Reader_refuses_a_ticket() => Assert.Contains(
        "not a connector token",
        Assert.Throws<FormatException>(() => ConnectorTokenReader.Read(new Secret(Issuer.IssueTicket(Ticket)))).Message);

    [Fact]
    public void Reader_never_repeats_the_token() => Gen.String[12, 40].Sample(text =>
    {
        var failure = Assert.Throws<FormatException>(() => ConnectorTokenReader.Read(new Secret(text)));
        return string.IsNullOrWhiteSpace(text) || !failure.ToString().Contains(text, StringComparison.Ordinal);
    }, iter: 200);

    [Fact]
    public void Reader_refuses_a_pin_that_it_cannot_read()
    {
        var token = Forge(OurCredentials(), payload => payload["ca_pins"] = new[] { Pin, "sha1/AAAA" });

        Assert.Contains("ca_pins", Assert.Throws<FormatException>(() => ConnectorTokenReader.Read(new Secret(token))).Message);
    }

    private SigningCredentials OurCredentials() => key.Credentials();

    private static string Forge(SigningCredentials credentials, Action<Dictionary<string, object>>? change = null)
    {
        var payload = new Dictionary<string, object>
        {
            ["aud"] = "border0-connector",
            ["jti"] = "token-1",
            ["connector_id"] = "c",
            ["org_id"] = "o",
            ["url"] = "https://border0.example.com",
            ["ca_pins"] = Array.Empty<string>(),
            ["iat"] = Now.ToUnixTimeSeconds(),
        };
        change?.Invoke(payload);
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }
            .CreateToken(new SecurityTokenDescriptor { Claims = payload, SigningCredentials = credentials });
    }
}
