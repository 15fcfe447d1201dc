using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>A real psql at a real PostgreSQL that asks for rows of which each can be computed here as well.</summary>
/// <param name="first">Where the numbers of this session begin.</param>
internal sealed class PsqlSession(ChildProcess client, int first) : ClientSession("psql", client, TimeSpan.FromMilliseconds(500))
{
    private const int Rows = 64;
    private const int Repeats = 16;

    // Large: every read of a pipe is a round of the thread pool.
    private readonly StreamReader rows = new(client.StandardOutput, bufferSize: 64 * 1024, leaveOpen: true);

    /// <param name="first">Where the numbers of this session begin.</param>
    public static PsqlSession Start(int port, int first)
        => new(ChildProcess.Start(InstalledProgram.Psql.Require(), PostgresServer.Psql(port), handling: ChildOutput.Streamed), first);

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        rows.Dispose();
    }

    protected override ReadOnlyMemory<byte> Question(long round)
        => Encoding.ASCII.GetBytes(string.Create(
            CultureInfo.InvariantCulture, $"select repeat(md5(i::text), {Repeats}) from generate_series({From(round)}, {From(round) + Rows - 1}) as i;\n"));

    protected override async Task<string?> AnswerAsync(long round)
    {
        for (var i = From(round); i < From(round) + Rows; i++)
        {
            var row = await rows.ReadLineAsync() ?? throw new EndOfStreamException("the output ended");
            Received(row.Length + 1);
            if (row != Expected(i))
            {
                return $"row {i} differs";
            }
        }

        return null;
    }

    private int From(long round) => first + (int)(round * Rows);

    /// <summary>md5 because that is what PostgreSQL has built in; it proves nothing here but equality.</summary>
    private static string Expected(int number)
    {
#pragma warning disable CA5351
        var sum = Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture))));
#pragma warning restore CA5351
        return new StringBuilder().Insert(0, sum, Repeats).ToString();
    }
}
