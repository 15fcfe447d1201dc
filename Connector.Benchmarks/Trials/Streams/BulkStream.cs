using System.Buffers.Binary;
using System.Net.Sockets;

namespace Connector.Benchmarks.Trials.Streams;

/// <summary>A transfer that lasts as long as the trial: down, up, or both ways at once. SHA-256 at both ends of each direction.</summary>
internal sealed class BulkStream : ITrialStream, IServed
{
    private readonly Socket connection;
    private readonly LoadService service;
    private readonly Pace pace;
    private readonly bool up;
    private readonly bool down;
    private readonly StallMeter meterDown = new();
    private readonly StallMeter meterUp = new();
    private readonly Tally sentDown = new(), receivedDown = new(), sentUp = new(), receivedUp = new();
    private readonly CancellationTokenSource finishing = new();
    private readonly TaskCompletionSource<string?> served = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private BulkStream(Socket connection, LoadService service, Pace pace, bool up, bool down)
    {
        this.connection = connection;
        this.service = service;
        this.pace = pace;
        this.up = up;
        this.down = down;
        Id = service.Register(this);
        Meters = [.. down ? (StallMeter[])[meterDown] : [], .. up ? (StallMeter[])[meterUp] : []];
        Outcome = Task.Run(RunAsync);
    }

    /// <summary>Under which the service knows it.</summary>
    public long Id { get; }

    public string Kind => up ? down ? "both ways" : "upload" : "download";

    public IReadOnlyList<StallMeter> Meters { get; }

    public Task<StreamOutcome> Outcome { get; }

    private ulong SeedDown => ((ulong)Id * 2) + 1;

    private ulong SeedUp => ((ulong)Id * 2) + 2;

    public static BulkStream Start(Socket connection, LoadService service, Pace pace, bool up, bool down) => new(connection, service, pace, up, down);

    public void Finish() => finishing.Cancel();

    /// <summary>The user's half-close ends what we send as well.</summary>
    public async Task ServeAsync(Socket connection)
    {
        using var userEnded = new CancellationTokenSource();
        var sending = down ? PatternPump.SendAsync(connection, SeedDown, pace, sentDown, userEnded.Token) : Task.CompletedTask;
        try
        {
            await (up ? PatternPump.ReceiveAsync(connection, SeedUp, receivedUp, meterUp) : PatternPump.ReceiveNothingAsync(connection, receivedUp));
            meterUp.Close();
        }
        catch
        {
            // The other direction would wait on a connection that is gone.
            connection.Dispose();
            throw;
        }
        finally
        {
            await userEnded.CancelAsync();
            await sending;
        }

        if (!down)
        {
            connection.Shutdown(SocketShutdown.Send);
        }

        served.TrySetResult(null);
    }

    public void ServiceFailed(string reason) => served.TrySetResult(reason);

    public async ValueTask DisposeAsync()
    {
        connection.Dispose();
        served.TrySetResult("given up");
        await Outcome;
        service.Forget(Id);
    }

    private async Task<StreamOutcome> RunAsync()
    {
        var failure = await MoveAsync();
        meterDown.Close();
        meterUp.Close();
        connection.Dispose();

        // After our orderly end the service has had everything; after an error it sees one as well, or the trial disposes of us.
        failure ??= await served.Task;
        var received = receivedDown.Bytes + receivedUp.Bytes;
        if (failure is not null)
        {
            return receivedDown.Difference is null && receivedUp.Difference is null
                ? new StreamOutcome(StreamEnd.Lost, failure, received)
                : new StreamOutcome(StreamEnd.Altered, receivedDown.Difference ?? receivedUp.Difference!, received);
        }

        var difference = receivedDown.Difference ?? receivedUp.Difference
            ?? Compare("down", sentDown, receivedDown) ?? Compare("up", sentUp, receivedUp);
        return difference is null ? new StreamOutcome(StreamEnd.Intact, "", received) : new StreamOutcome(StreamEnd.Altered, difference, received);
    }

    /// <summary>Returns why it ended, or null after an orderly end that we asked for.</summary>
    private async Task<string?> MoveAsync()
    {
        var sending = Task.CompletedTask;
        try
        {
            var hello = new byte[LoadService.IdLength];
            BinaryPrimitives.WriteInt64BigEndian(hello, Id);
            await PatternPump.SendAllAsync(connection, hello);
            if (up)
            {
                meterUp.Expect();
                sending = PatternPump.SendAsync(connection, SeedUp, pace, sentUp, finishing.Token);
            }
            else
            {
                sending = HalfCloseWhenFinishingAsync();
            }

            if (down)
            {
                meterDown.Expect();
            }

            var receiving = down ? PatternPump.ReceiveAsync(connection, SeedDown, receivedDown, meterDown) : PatternPump.ReceiveNothingAsync(connection, receivedDown);

            // Either may find the connection broken; the other then waits for nothing.
            var first = await Task.WhenAny(sending, receiving);
            if (first.IsFaulted)
            {
                connection.Dispose();
            }

            await receiving;
            if (!finishing.IsCancellationRequested)
            {
                return "at the user: the service's direction ended although nobody asked";
            }

            await sending;
            return null;
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            return $"at the user: {e.Message}";
        }
        finally
        {
            connection.Dispose();
            await finishing.CancelAsync();
            await sending.ContinueWith(ended => ended.Exception, TaskScheduler.Default);
        }
    }

    private async Task HalfCloseWhenFinishingAsync()
    {
        await Task.Delay(Timeout.Infinite, finishing.Token).ContinueWith(_ => { }, TaskScheduler.Default);
        connection.Shutdown(SocketShutdown.Send);
    }

    private static string? Compare(string direction, Tally sent, Tally received)
        => sent.Digest() == received.Digest() ? null : $"{direction}: sent {sent.Digest()}, received {received.Digest()}";
}
