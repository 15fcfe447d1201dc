using Connector.Protocol.Tokens;
using Connector.Server.Edge.Links;
using Microsoft.Extensions.Time.Testing;

namespace Connector.Tests.Server.Edge.Links;

[Trait("kind", Kinds.Pure)]
public sealed class TicketVerifierTests
{
    [Fact]
    public void Key_that_cannot_be_read_is_named_and_the_others_are_used()
    {
        using var key = SigningKey.Create();
        var problems = new List<string>();
        var verifier = TicketVerifier.For(
            [new VerificationKey("broken", []), key.PublicKey, key.PublicKey], new FakeTimeProvider(EdgeSamples.Now), problems.Add);
        Assert.Contains("broken", Assert.Single(problems), StringComparison.Ordinal);
        Assert.Equal(EdgeSamples.Key, verifier.Verify(new TokenIssuer(key).IssueTicket(EdgeSamples.Claims())).Claims?.Thumbprint);
        Assert.Null(verifier.Verify("nonsense").Claims);
    }
}
