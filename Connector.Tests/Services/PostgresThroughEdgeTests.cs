using System.Security.Cryptography;
using Connector.Tests.Processes;
using Xunit;

namespace Connector.Tests.Services;

[Trait("kind", Kinds.Service)]
[Collection(RealThings.Name)]
public sealed class PostgresThroughEdgeTests(SharedDev dev)
{
    private const int Clients = 50;
    private const long LargeBytes = 100_000_000;

    /// <summary>102.5 MB of rows, each different.</summary>
    private const string LargeQuery = "COPY (SELECT repeat(md5(i::text), 32) FROM generate_series(1, 100000) AS i) TO STDOUT";

    private static readonly TimeSpan Deadline = TimeSpan.FromMinutes(5);

    [Fact]
    public async Task Query_of_a_hundred_megabytes_arrives_as_it_does_directly()
    {
        Installed.Require(PostgresServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var postgres = await PostgresServer.StartAsync(cancellation);
        await using var served = await ServeAsync(postgres, cancellation);

        var direct = await RunLargeQueryAsync(postgres.Port, cancellation);
        var relayed = await RunLargeQueryAsync(served.Port, cancellation);

        Assert.True(direct.Bytes >= LargeBytes, $"The query returned {direct.Bytes} bytes.");
        Assert.Equal(direct, relayed);
    }

    [Fact]
    public async Task Fifty_psql_clients_at_once_are_all_served()
    {
        Installed.Require(PostgresServer.Needs);
        var cancellation = TestContext.Current.CancellationToken;
        await using var postgres = await PostgresServer.StartAsync(cancellation);
        await using var served = await ServeAsync(postgres, cancellation);
        await PostgresServer.QueryAsync(postgres.Port, "CREATE TABLE arrivals (id int)");

        // Nobody gets on before all have arrived: the fifty really are connected at the same time.
        var results = await Task.WhenAll(Enumerable.Range(1, Clients).Select(client => PostgresServer.QueryAsync(
            served.Port,
            $"INSERT INTO arrivals VALUES ({client})",
            $"DO $$ BEGIN WHILE (SELECT count(*) FROM arrivals) < {Clients} LOOP PERFORM pg_sleep(0.02); END LOOP; END $$",
            $"SELECT md5(string_agg(repeat(i::text, {client}), ',')) FROM generate_series(1, 20000) AS i")));

        var expected = await PostgresServer.QueryAsync(
            postgres.Port, $"SELECT md5(string_agg(repeat(i::text, c), ',')) FROM generate_series(1, {Clients}) AS c, generate_series(1, 20000) AS i GROUP BY c ORDER BY c");
        Assert.Equal(expected.Split('\n'), results);
    }

    private async Task<ServedPort> ServeAsync(PostgresServer postgres, CancellationToken cancellation)
    {
        var served = await ServedPort.CreateAsync(await dev.GetAsync(cancellation), postgres.Port);
        await Eventually.SucceedsAsync(() => PostgresServer.QueryAsync(served.Port, "select 1"), "psql is served through the edge", cancellation);
        return served;
    }

    private static async Task<(long Bytes, string Hash)> RunLargeQueryAsync(int port, CancellationToken cancellation)
    {
        await using var psql = ChildProcess.Start(InstalledProgram.Psql.Require(), PostgresServer.Psql(port, LargeQuery), handling: ChildOutput.Streamed);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[64 * 1024];
        var total = 0L;
        int count;
        while ((count = await psql.StandardOutput.ReadAsync(buffer, cancellation).AsTask().WaitAsync(Deadline, cancellation)) > 0)
        {
            hash.AppendData(buffer, 0, count);
            total += count;
        }

        Assert.Equal(0, await psql.WaitForExitAsync(Deadline));
        return (total, Convert.ToHexString(hash.GetHashAndReset()));
    }
}
