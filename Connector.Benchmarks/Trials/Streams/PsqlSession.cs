using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>A real psql at a real PostgreSQL that asks for rows of which each can be computed here as well.</summary>
internal sealed class PsqlSession : ITrialStream
{
    private const int Rows = 64;
    private const int Repeats = 16;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(30);

    private readonly ChildProcess client;
    private readonly int first;
    private readonly StallMeter meter = new();
    private readonly CancellationTokenSource finishing = new();

    private PsqlSession(ChildProcess client, int first)
    {
        this.client = client;
        this.first = first;
        Meters = [meter];
        Outcome = Task.Run(RunAsync);
    }

    public string Kind => "psql";

    public IReadOnlyList<StallMeter> Meters { get; }

    public Task<StreamOutcome> Outcome { get; }

    /// <param name="first">Where the numbers of this session begin.</param>
    public static PsqlSession Start(int port, int first)
        => new(ChildProcess.Start(InstalledProgram.Psql.Require(), PostgresServer.Psql(port), handling: ChildOutput.Streamed), first);

    public void Finish() => finishing.Cancel();

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await Outcome;
    }

    private async Task<StreamOutcome> RunAsync()
    {
        var received = 0L;

        // Large: every read of a pipe is a round of the thread pool.
        using var rows = new StreamReader(client.StandardOutput, bufferSize: 64 * 1024, leaveOpen: true);
        try
        {
            for (var from = first; !finishing.IsCancellationRequested; from += Rows)
            {
                var query = string.Create(
                    CultureInfo.InvariantCulture, $"select repeat(md5(i::text), {Repeats}) from generate_series({from}, {from + Rows - 1}) as i;\n");
                if (from != first)
                {
                    meter.Expect();
                }

                await client.StandardInput.WriteAsync(Encoding.ASCII.GetBytes(query));
                await client.StandardInput.FlushAsync();
                for (var i = from; i < from + Rows; i++)
                {
                    var row = await rows.ReadLineAsync() ?? throw new EndOfStreamException("the output ended");
                    received += row.Length + 1;
                    if (row != Expected(i))
                    {
                        return new StreamOutcome(StreamEnd.Altered, $"row {i} differs", received);
                    }
                }

                meter.Progress(expectMore: false);
                await Task.Delay(Pause, finishing.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            client.StandardInput.Close();
            var code = await client.WaitForExitAsync(ExitDeadline);
            return code == 0 ? new StreamOutcome(StreamEnd.Intact, "", received) : new StreamOutcome(StreamEnd.Lost, $"psql exited with {code}: {client.Output.Trim()}", received);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or TimeoutException or InvalidOperationException)
        {
            return new StreamOutcome(StreamEnd.Lost, $"psql: {e.Message} {client.Output.Trim()}", received);
        }
        finally
        {
            meter.Close();
        }
    }

    /// <summary>md5 because that is what PostgreSQL has built in; it proves nothing here but equality.</summary>
    private static string Expected(int number)
    {
#pragma warning disable CA5351
        var sum = Convert.ToHexStringLower(MD5.HashData(Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture))));
#pragma warning restore CA5351
        return new StringBuilder().Insert(0, sum, Repeats).ToString();
    }
}
