using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class PostgresServerTests
{
    [Fact]
    public async Task Postgres_started_answers_psql()
    {
        Installed.Require(PostgresServer.Needs);
        await using var postgres = await PostgresServer.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("42", await PostgresServer.QueryAsync(postgres.Port, "select 6 * 7"));
    }
}
