using System.Globalization;
using Connector.Tests.Processes;
using Connector.Tests.Services;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>A real ssh client at a real sshd, with <c>cat</c> at the far end: lines go there and come back.</summary>
internal sealed class SshSession : ITrialStream
{
    private const int Largest = StreamPattern.BlockLength;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ExitDeadline = TimeSpan.FromSeconds(30);

    private readonly ChildProcess client;
    private readonly ulong seed;
    private readonly StallMeter meter = new();
    private readonly CancellationTokenSource finishing = new();

    private SshSession(ChildProcess client, ulong seed)
    {
        this.client = client;
        this.seed = seed;
        Meters = [meter];
        Outcome = Task.Run(RunAsync);
    }

    public string Kind => "ssh";

    public IReadOnlyList<StallMeter> Meters { get; }

    public Task<StreamOutcome> Outcome { get; }

    public static SshSession Start(SshServer server, int port, ulong seed) => new(
        ChildProcess.Start(
            InstalledProgram.Ssh.Require(),
            [.. server.ClientOptions, "-T", "-p", port.ToString(CultureInfo.InvariantCulture), $"{SshServer.User}@127.0.0.1", "cat"],
            handling: ChildOutput.Streamed),
        seed);

    public void Finish() => finishing.Cancel();

    public async ValueTask DisposeAsync()
    {
        await client.DisposeAsync();
        await Outcome;
    }

    private async Task<StreamOutcome> RunAsync()
    {
        var block = new byte[StreamPattern.BlockLength];
        var answer = new byte[Largest];
        var received = 0L;
        try
        {
            for (var index = 0L; !finishing.IsCancellationRequested; index++)
            {
                StreamPattern.Fill(block, seed, index);

                // From a keystroke to a screen.
                var length = 64 << (int)(index % 7);
                if (index > 0)
                {
                    meter.Expect();
                }

                await client.StandardInput.WriteAsync(block.AsMemory(0, length));
                await client.StandardInput.FlushAsync();
                await client.StandardOutput.ReadExactlyAsync(answer.AsMemory(0, length));
                meter.Progress(expectMore: false);
                received += length;
                if (!answer.AsSpan(0, length).SequenceEqual(block.AsSpan(0, length)))
                {
                    return new StreamOutcome(StreamEnd.Altered, $"the echo of message {index} differs", received);
                }

                await Task.Delay(Pause, finishing.Token).ContinueWith(_ => { }, TaskScheduler.Default);
            }

            client.StandardInput.Close();
            var code = await client.WaitForExitAsync(ExitDeadline);
            return code == 0 ? new StreamOutcome(StreamEnd.Intact, "", received) : new StreamOutcome(StreamEnd.Lost, $"ssh exited with {code}: {client.Output.Trim()}", received);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or TimeoutException or InvalidOperationException)
        {
            return new StreamOutcome(StreamEnd.Lost, $"ssh: {e.Message} {client.Output.Trim()}", received);
        }
        finally
        {
            meter.Close();
        }
    }
}
