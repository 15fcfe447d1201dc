using Connector.Actors.State;
using Connector.Protocol;
using Connector.Protocol.Ids;
using Connector.Protocol.Tokens;
using Xunit;

namespace Connector.Tests.Actors.State;

[Trait("kind", Kinds.Pure)]
public sealed class TicketCheckTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 12, 0, 0, TimeSpan.Zero);
    private static readonly ReplicaIdentity Identity = new(new ConnectorId("c"), new ReplicaId("r"), new KeyThumbprint("k"));

    [Theory]
    [InlineData("c", "r", "k", 1, null)]
    [InlineData("c", "r", "k", 0, "expired")]
    [InlineData("c", "r", "k", -5, "expired")]
    [InlineData("x", "r", "k", 1, "connector x")]
    [InlineData("c", "x", "k", 1, "replica x")]
    [InlineData("c", "r", "x", 1, "another key")]
    public void Ticket_is_of_use_to_its_replica_until_it_expires(string connector, string replica, string key, int minutes, string? why)
    {
        using var signing = SigningKey.Create();
        var ticket = new TokenIssuer(signing).IssueTicket(new TicketClaims(
            "t", new ConnectorId(connector), "o", new ReplicaId(replica), new KeyThumbprint(key), Now.AddDays(-1), Now.AddMinutes(minutes)));
        var said = TicketCheck.WhyUseless(new Secret(ticket), Identity, Now);
        if (why is null)
            Assert.Null(said);
        else
            Assert.Contains(why, said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("not a ticket")]
    [InlineData("a.b.c")]
    public void Anything_else_is_useless_and_not_repeated(string text)
    {
        var said = TicketCheck.WhyUseless(new Secret(text), Identity, Now);
        Assert.NotNull(said);
        if (text.Length > 5)
            Assert.DoesNotContain(text, said, StringComparison.Ordinal);
    }
}
