using Connector.Tests.Processes;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>A real client program that asks and is answered, again and again with a pause between, until it is told to finish.</summary>
/// <remarks>It runs from its construction on: what a derived class needs must be there before, as parameters and initialized fields are.</remarks>
internal abstract class ClientSession : ITrialStream
{
    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(30);

    private readonly ChildProcess client;
    private readonly TimeSpan pause;
    private readonly StallMeter meter = new();
    private readonly CancellationTokenSource finishing = new();
    private long received;

    protected ClientSession(string kind, ChildProcess client, TimeSpan pause)
    {
        Kind = kind;
        this.client = client;
        this.pause = pause;
        Meters = [meter];
        Outcome = Task.Run(RunAsync);
    }

    public string Kind { get; }

    public IReadOnlyList<StallMeter> Meters { get; }

    public Task<StreamOutcome> Outcome { get; }

    public void Finish() => finishing.Cancel();

    public virtual async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await Outcome;
    }

    /// <summary>What to write in this round.</summary>
    protected abstract ReadOnlyMemory<byte> Question(long round);

    /// <summary>Reads all of the answer, and says of each part of it how long it is.</summary>
    /// <returns>What of it is not as it must be, or null.</returns>
    protected abstract Task<string?> AnswerAsync(long round);

    protected void Received(int bytes) => received += bytes;

    private async Task<StreamOutcome> RunAsync()
    {
        try
        {
            for (var round = 0L; !finishing.IsCancellationRequested; round++)
            {
                var question = Question(round);
                if (round > 0)
                {
                    meter.Expect();
                }

                await client.StandardInput.WriteAsync(question);
                await client.StandardInput.FlushAsync();
                if (await AnswerAsync(round) is { } difference)
                {
                    return new StreamOutcome(StreamEnd.Altered, difference, received);
                }

                meter.Progress(expectMore: false);
                await Task.Delay(pause, finishing.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            client.StandardInput.Close();
            var code = await client.WaitForExitAsync(ExitDeadline);
            return code == 0 ? new StreamOutcome(StreamEnd.Intact, "", received) : new StreamOutcome(StreamEnd.Lost, $"{Kind} exited with {code}: {client.Output.Trim()}", received);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or TimeoutException or InvalidOperationException)
        {
            return new StreamOutcome(StreamEnd.Lost, $"{Kind}: {e.Message} {client.Output.Trim()}", received);
        }
        finally
        {
            meter.Close();
        }
    }
}
