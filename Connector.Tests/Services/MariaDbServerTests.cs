using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class MariaDbServerTests
{
    [Fact]
    public async Task MariaDb_started_answers_its_client()
    {
        Installed.Require(MariaDbServer.Needs);
        await using var mariaDb = await MariaDbServer.StartAsync(TestContext.Current.CancellationToken);

        Assert.Equal("42", await MariaDbServer.QueryAsync(mariaDb.Port, "select 6 * 7"));
    }
}
